package fakeserver

import (
	"net/http"
	"regexp"

	"github.com/swaggest/swgui"
	"github.com/swaggest/swgui/v5emb"

	tasks "github.com/deepomatic/tasks"
)

// publicServer is where the contract says that the API is. The reference page
// must be tried out here instead.
var publicServer = regexp.MustCompile(`servers:\n  - url: .*\n    description: .*\n`)

// narrow makes Swagger UI fit a phone, which its own style sheet does not.
const narrow = `<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
@media (max-width: 640px) {
	.swagger-ui .wrapper, .swagger-ui .information-container { padding: 0 8px; }
	.swagger-ui .info { margin: 16px 0; overflow-wrap: anywhere; }
	.swagger-ui .topbar .topbar-wrapper, .swagger-ui .topbar .download-url-wrapper { flex-wrap: wrap; max-width: 100%; }
	.swagger-ui .opblock .opblock-summary { flex-wrap: wrap; }
	.swagger-ui .opblock .opblock-summary-path { max-width: 100%; }
	.swagger-ui .opblock-summary-description { flex-basis: 100%; }
	.swagger-ui table.parameters, .swagger-ui table.responses-table, .swagger-ui table.headers { display: block; max-width: 100%; }
	.swagger-ui table.parameters > *, .swagger-ui table.responses-table > * { display: block; }
	.swagger-ui table.parameters tr, .swagger-ui table.responses-table tr,
	.swagger-ui table.parameters td, .swagger-ui table.responses-table td { display: block; width: 100%; max-width: 100%; min-width: 0; padding-left: 0; }
	.swagger-ui table.parameters thead, .swagger-ui table.responses-table thead { display: none; }
	.swagger-ui input, .swagger-ui select, .swagger-ui textarea { max-width: 100%; min-width: 0 !important; }
	.swagger-ui pre, .swagger-ui .highlight-code, .swagger-ui .model-box, .swagger-ui .renderedMarkdown { max-width: 100%; overflow-x: auto; overflow-wrap: anywhere; }
	.swagger-ui .model-container { overflow-x: auto; }
	.swagger-ui .response-controls { display: block; }
	.swagger-ui .tab { flex-wrap: wrap; }
}
</style>`

// reference adds the reference page of the API, which can be tried out against
// the server that shows it. Nothing of it comes from elsewhere.
func reference(mux *http.ServeMux, key string) {
	mux.HandleFunc("GET /openapi.yaml", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/yaml")
		_, _ = w.Write(publicServer.ReplaceAll(tasks.OpenAPI, []byte("servers:\n  - url: /v0.7\n    description: This server, the embedded fake.\n")))
	})
	mux.Handle("/", v5emb.NewWithConfig(swgui.Config{
		AppendHead:         narrow,
		PreAuthorizeApiKey: map[string]string{"apiKey": key}, // it is no secret here
		SettingsUI:         map[string]string{"tryItOutEnabled": "true", "defaultModelsExpandDepth": "1"},
	})("Deepomatic tasks", "/openapi.yaml", "/"))
}
