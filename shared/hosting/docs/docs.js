// Swagger UI on this ledger's own OpenAPI document.
// https://swagger.io/docs/open-source-tools/swagger-ui/usage/configuration/

// Its dark colours belong to a class that nobody sets by themselves.
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

function isReadable(pattern) {
  try {
    // As Swagger UI does it: without the flag `u`, which some patterns need.
    new RegExp(pattern);
    return true;
  } catch {
    return false;
  }
}

// A default is told and not filled in: what is sent is only what somebody typed, since not every
// parameter goes with every other. What is wrong with it, the service says.
function prepared(openapi) {
  for (const operation of Object.values(openapi.paths).flatMap(Object.values)) {
    for (const parameter of operation.parameters) {
      const schema = parameter.schema;
      if (!isReadable(schema.pattern)) delete schema.pattern;
      if ("default" in schema) {
        parameter.description += ` By default \`${schema.default}\`.`;
        delete schema.default;
      }
    }
  }
  return openapi;
}

const preparing = {
  statePlugins: {
    spec: { wrapActions: { updateJsonSpec: (update) => (openapi) => update(prepared(openapi)) } },
  },
};

SwaggerUIBundle({
  url: "/v1/openapi.json",
  dom_id: "#docs",
  plugins: [preparing],
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
  // A key is kept for as long as the page is open, and nowhere.
  persistAuthorization: false,
  // Asks nobody else.
  validatorUrl: null,
});
