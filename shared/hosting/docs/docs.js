// Swagger UI on this ledger's own OpenAPI document.
// https://swagger.io/docs/open-source-tools/swagger-ui/usage/configuration/

// Its dark colours belong to a class that nobody sets by themselves.
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

SwaggerUIBundle({
  url: "/v1/openapi.json",
  dom_id: "#docs",
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
