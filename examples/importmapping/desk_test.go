package importmapping_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"example.test/importmapping"
	"example.test/importmapping/embedded"
	"example.test/importmapping/plain"
	"github.com/deepomatic/tasks"
	"github.com/deepomatic/tasks/gen"
	"github.com/deepomatic/tasks/tasksclient"
	"github.com/deepomatic/tasks/tasksclient/contract"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

func TestTheGeneratedFieldsAreTheTypesOfGenThemselves(t *testing.T) {
	t.Parallel()
	for _, photo := range []reflect.Type{reflect.TypeFor[embedded.Photo](), reflect.TypeFor[plain.Photo]()} {
		for name, want := range map[string]reflect.Type{"Task": reflect.TypeFor[gen.Task](), "Result": reflect.TypeFor[*gen.InferenceResult]()} {
			if field, ok := photo.FieldByName(name); !ok || field.Type != want {
				t.Errorf("%v.%s is a %v, want %v", photo, name, field.Type, want)
			}
		}
	}
	params := reflect.TypeFor[embedded.ListPhotosParams]()
	if field, ok := params.FieldByName("Status"); !ok || field.Type != reflect.TypeFor[gen.TaskStatus]() {
		t.Errorf("%v.Status is a %v", params, field.Type)
	}
}

func TestTheCopyIsTheDocumentOfTheModule(t *testing.T) {
	t.Parallel()
	copied, err := os.ReadFile("tasks.openapi.yaml")
	if err != nil || !bytes.Equal(copied, tasks.OpenAPI) {
		t.Errorf("tasks.openapi.yaml is not what the module has: %v", err)
	}
}

func TestTheEmbeddedDocumentResolvesTask(t *testing.T) {
	t.Parallel()
	doc := spec(t)
	if err := doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	task := doc.Components.Schemas["Photo"].Value.Properties["task"]
	if task.Value == nil || task.Value.Properties["date_updated"] == nil || !task.Value.Properties["date_updated"].Value.Nullable {
		t.Error("task does not resolve to theirs")
	}
	files := embedded.PathToRawSpec("openapi.yaml")
	theirs, ok := files["tasks.openapi.yaml"]
	if !ok || len(files) != 2 {
		t.Fatalf("it is made of %d files", len(files))
	}
	if text, err := theirs(); err != nil || !bytes.Equal(text, tasks.OpenAPI) {
		t.Errorf("tasks.openapi.yaml is not the module's: %v", err)
	}
}

func TestTheServiceAnswersAsItsDocumentSays(t *testing.T) {
	t.Parallel()
	api := new(taskstest.Server)
	api.Add(taskstest.Published()[0], taskstest.Task{ID: "2", PendingPolls: 100}, taskstest.Task{ID: "3", Error: "no image"})
	client, err := tasksclient.New(taskstest.Key, tasksclient.WithHTTPClient(&http.Client{Transport: contract.Transport(t, api)}))
	if err != nil {
		t.Fatal(err)
	}
	desk := embedded.Handler(&importmapping.Desk{Tasks: client, Photos: map[string]string{"dog": "269999729", "cat": "2", "fog": "3"}})

	for target, want := range map[string]string{
		"/photos/dog":            `"label_name":"golden retriever"`,
		"/photos/cat":            `"status":"pending"`,
		"/photos/fog":            `"error":"no image"`,
		"/photos?status=error":   `[{"name":"fog"`,
		"/photos?status=pending": `[{"name":"cat"`,
	} {
		if status, body := ask(t, desk, target); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", target, status, body)
		}
	}
	if status, _ := ask(t, desk, "/photos/nobody"); status != http.StatusNotFound {
		t.Errorf("an unknown photo: %d", status)
	}
}

func TestTheTypesAloneNeedNoKinOpenAPI(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "./plain").Output()
	if err != nil {
		t.Fatal(err)
	}
	if deps := string(out); !strings.Contains(deps, "github.com/deepomatic/tasks/gen\n") || strings.Contains(deps, "kin-openapi") {
		t.Errorf("package plain needs\n%s", deps)
	}
}

func spec(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := embedded.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// ask asks the service, and holds the exchange to the embedded document.
func ask(t *testing.T, service http.Handler, target string) (status int, body string) {
	t.Helper()
	router, err := gorillamux.NewRouter(spec(t))
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodGet, target, nil)
	route, params, err := router.FindRoute(req)
	if err != nil {
		t.Fatal(err)
	}
	res := httptest.NewRecorder()
	service.ServeHTTP(res, req)
	in := &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: res.Code, Header: res.Header()}
	out.SetBodyBytes(res.Body.Bytes())
	if err := openapi3filter.ValidateRequest(t.Context(), in); err != nil {
		t.Errorf("%s: the request: %v", target, err)
	}
	if err := openapi3filter.ValidateResponse(t.Context(), out); err != nil {
		t.Errorf("%s: the answer: %v", target, err)
	}
	return res.Code, res.Body.String()
}
