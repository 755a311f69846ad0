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

// reference adds the reference page of the API, which can be tried out against
// the server that shows it. Nothing of it comes from elsewhere.
func reference(mux *http.ServeMux, key string) {
	mux.HandleFunc("GET /openapi.yaml", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/yaml")
		_, _ = w.Write(publicServer.ReplaceAll(tasks.OpenAPI, []byte("servers:\n  - url: /v0.7\n    description: This server, the embedded fake.\n")))
	})
	mux.Handle("/", v5emb.NewWithConfig(swgui.Config{
		PreAuthorizeApiKey: map[string]string{"apiKey": key}, // it is no secret here
		SettingsUI:         map[string]string{"tryItOutEnabled": "true", "defaultModelsExpandDepth": "1"},
	})("Deepomatic tasks", "/openapi.yaml", "/"))
}
