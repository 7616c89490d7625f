# What `make deploy` runs: everything from an empty project to a service that was seen to work.
#
# `script.py` puts the chosen values in front of it, and DRY_RUN=1 prints the whole instead of
# running it. Every step may be run again, whatever was done of it before. It needs bash 3.2.
set -euo pipefail

ACCOUNT="ledger-functions@$PROJECT.iam.gserviceaccount.com"
URL="https://$SITE.web.app"
STEP=
# Makes gcloud print lines for `id_of`.
PAIRS='value[separator="|"]'

trap '[ $? = 0 ] || echo "Stopped at \"$STEP\". The same command goes on from what is done." >&2' EXIT

step() { STEP=$1; echo "== $1"; }

stop() { echo "$1" >&2; exit 1; }

# Acts on the project and asks nothing.
cloud() { gcloud "$@" "--project=$PROJECT" --quiet; }
fire() { firebase "$@" "--project=$PROJECT" --non-interactive; }

# Lets one line of a list through, if it is there. What is looked for is taken from the whole list:
# whether a filter of gcloud means the exact name differs from service to service.
only() { grep -Fx -e "$1" || [ $? = 1 ]; }

# Of lines `name|id`, prints the id beside a name, the first time that it is there.
id_of() {
  NAME="$1|" awk '
    index($0, ENVIRON["NAME"]) == 1 && !found++ { print substr($0, length(ENVIRON["NAME"]) + 1) }'
}

# The first line alone. It reads the others too, or the command before would complain.
first() { sed -n 1p; }

# Prints NAME if firebase-tools printed it at this path of its JSON.
listed() { "$PYTHON" -m shared.commands.deploy.pick "$@"; }

step "What this needs is there (changes nothing)"
command -v gcloud > /dev/null ||
  stop "gcloud is not on the PATH (https://cloud.google.com/sdk/docs/install)"
command -v firebase > /dev/null ||
  stop "firebase is not on the PATH (npm install -g firebase-tools)"
# Alert policies and notification channels have no other commands in every release.
[ -n "$(cloud version '--format=value(alpha)')" ] ||
  stop "gcloud lacks alpha commands. Run: gcloud components install alpha"
# Not `auth list`: it knows nothing of tokens, and lists what has expired.
cloud projects describe "$PROJECT" '--format=value(projectId)' > /dev/null ||
  stop "gcloud is not logged in (gcloud auth login), or there is no $PROJECT."
FIREBASE_PROJECT=$(firebase projects:list --json | listed result.projectId "$PROJECT") ||
  stop "firebase-tools is not logged in (firebase login)."

step "Services of the project"
cloud services enable \
  {artifactregistry,cloudbuild,cloudfunctions,cloudresourcemanager}.googleapis.com \
  {firebase,firebasehosting,firebaserules,firestore,iam,logging}.googleapis.com \
  {monitoring,run,secretmanager}.googleapis.com
[ -n "$FIREBASE_PROJECT" ] || fire projects:addfirebase "$PROJECT"

# Early, because a new account is not known everywhere at once.
step "Service account"
FOUND=$(cloud iam service-accounts list '--format=value(email)' | only "$ACCOUNT")
[ -n "$FOUND" ] ||
  cloud iam service-accounts create ledger-functions '--display-name=Contribution ledger'

# Early, because an alert may be refused until its metric is known everywhere.
step "Metrics from the log"
for FILE in shared/monitoring/metrics/*.yaml; do
  NAME=$(basename "$FILE" .yaml)
  FOUND=$(cloud logging metrics list '--format=value(name)' | only "$NAME")
  if [ -n "$FOUND" ]; then VERB=update; else VERB=create; fi
  cloud logging metrics "$VERB" "$NAME" "--config-from-file=$FILE"
done

step "Firestore: database, backups, access, rules, indexes"
FOUND=$(cloud firestore databases list '--format=value(name.basename())' | only '(default)')
if [ -n "$FOUND" ]; then
  cloud firestore databases update '--database=(default)' --delete-protection --enable-pitr
else
  cloud firestore databases create '--database=(default)' "--location=$DATABASE_LOCATION" \
    --type=firestore-native --delete-protection --enable-pitr
fi
# gcloud takes the empty object that stands for a daily one for nothing.
FOUND=$(cloud firestore backups schedules list '--database=(default)' \
  '--filter=NOT weeklyRecurrence:*' '--format=value(name)')
[ -n "$FOUND" ] ||
  cloud firestore backups schedules create '--database=(default)' --recurrence=daily --retention=14d
cloud projects add-iam-policy-binding "$PROJECT" "--member=serviceAccount:$ACCOUNT" \
  --role=roles/datastore.user --condition=None --format=none
"$PYTHON" -m shared.commands.deploy.firebase_source "--region=$REGION" "--site=$SITE"
# Before the functions, so that indexes are built while these are deployed.
fire deploy --only=firestore --config=.firebase/deploy/firebase.json

step "Secrets"
PINNED=
newest() {
  # Not with gcloud's own limit, which counts before it filters.
  VERSION=$(cloud secrets versions list "$1" --filter=state=ENABLED '--sort-by=~createTime' \
    '--format=value(name.basename())' | first)
}
# secret VARIABLE NAME LABEL: there, with a value that is random at first, read by the functions.
secret() {
  FOUND=$(cloud secrets list '--format=value(name.basename())' | only "$2")
  [ -n "$FOUND" ] || cloud secrets create "$2" --replication-policy=automatic
  newest "$2"
  if [ -z "$VERSION" ]; then
    "$PYTHON" -c 'import secrets, sys; print(sys.argv[1], secrets.token_hex(32), sep="", end="")' \
      "$3" | cloud secrets versions add "$2" --data-file=-
    newest "$2"
  fi
  cloud secrets add-iam-policy-binding "$2" "--member=serviceAccount:$ACCOUNT" \
    --role=roles/secretmanager.secretAccessor --format=none
  PINNED="${PINNED:+$PINNED,}$1=$2:$VERSION"
}
secret LEDGER_API_KEYS ledger-api-keys first=
KEYS_VERSION=$VERSION
secret LEDGER_WEBHOOK_SECRETS ledger-webhook-secrets github=
secret LEDGER_LOG_SALT ledger-log-salt ''

step "Functions"
for FUNCTION in $FUNCTIONS; do
  # A delivery has up to 25 MiB, and is read as a whole before its signature can be verified.
  if [ "$FUNCTION" = github-webhook ]; then NEEDED=1Gi; else NEEDED=512Mi; fi
  # All from one source. They check keys, tokens and signatures themselves. The variables replace
  # those that were set before, so that a setting can be taken away.
  cloud functions deploy "$FUNCTION" --gen2 "--region=$REGION" --runtime=python311 --source=. \
    "--entry-point=${FUNCTION//-/_}" --trigger-http --allow-unauthenticated \
    "--service-account=$ACCOUNT" "--max-instances=$MAX_INSTANCES" "--concurrency=$CONCURRENCY" \
    --cpu=1 "--memory=${MEMORY:-$NEEDED}" --timeout=60s \
    "--set-env-vars=$VARIABLES" "--set-secrets=$PINNED" --format=none
done

step "Hosting"
FOUND=$(firebase hosting:sites:list "--project=$PROJECT" --json | listed result.sites.name "$SITE")
[ -n "$FOUND" ] || fire hosting:sites:create "$SITE"
fire deploy --only=hosting --config=.firebase/deploy/firebase.json

step "Uptime check"
check() {
  CHECK=$(cloud monitoring uptime list-configs "--format=$PAIRS(displayName,name.basename())" |
    id_of "Contribution ledger at $SITE.web.app")
}
check
if [ -n "$CHECK" ]; then
  cloud monitoring uptime update "$CHECK" --flags-file=shared/monitoring/uptime.yaml
else
  # What a check looks at cannot be changed: another host has another check.
  cloud monitoring uptime create "Contribution ledger at $SITE.web.app" \
    --resource-type=uptime-url "--resource-labels=host=$SITE.web.app,project_id=$PROJECT" \
    --protocol=https --flags-file=shared/monitoring/uptime.yaml
  check
fi

step "Alerts"
channel() {
  CHANNEL=$(cloud alpha monitoring channels list "--format=$PAIRS(labels.email_address,name)" |
    id_of "$ALERT_EMAIL")
}
CHANNEL=
if [ -n "$ALERT_EMAIL" ]; then
  channel
  if [ -z "$CHANNEL" ]; then
    cloud alpha monitoring channels create '--display-name=Contribution ledger' --type=email \
      "--channel-labels=email_address=$ALERT_EMAIL"
    channel
  fi
fi
for FILE in shared/monitoring/alerts/*.yaml; do
  NAME=$(sed -n 's/^displayName: "\(.*\)"$/\1/p' "$FILE")
  POLICY=$(cloud alpha monitoring policies list "--format=$PAIRS(displayName,name)" | id_of "$NAME")
  if [ -z "$POLICY" ]; then
    sed "s/UPTIME_CHECK_ID/$CHECK/" "$FILE" |
      cloud alpha monitoring policies create --policy-from-file=- \
        ${CHANNEL:+"--notification-channels=$CHANNEL"} --format=none
  else
    TOLD=$CHANNEL
    # Replacing a policy would forget whom people have had it tell.
    [ -n "$TOLD" ] || TOLD=$(cloud alpha monitoring policies describe "$POLICY" \
      '--format=value(notificationChannels.list())')
    sed "s/UPTIME_CHECK_ID/$CHECK/" "$FILE" |
      cloud alpha monitoring policies update "$POLICY" --policy-from-file=- \
        "--set-notification-channels=$TOLD" --format=none
  fi
done

step "Smoke check of $URL"
cloud secrets versions access "$KEYS_VERSION" --secret=ledger-api-keys |
  "$PYTHON" -m shared.commands.smoke "--url=$URL" --keys-from-stdin --patience=300

echo
echo "Deployed, and seen to work: $URL"
echo "How it is from now on: make status URL=$URL"
echo "The API keys, as name=secret, are shown by:"
echo "  gcloud secrets versions access latest --secret=ledger-api-keys --project=$PROJECT"
