"""`make deploy`: everything from an empty project to a service that was seen to work.

What is done is one shell script, `steps.sh` behind the chosen values (`script`). It is printed as
it is, or handed to bash as it is.
"""
