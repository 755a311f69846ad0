package gen

import tasks "github.com/deepomatic/tasks"

// PathToRawSpec returns a function that returns openapi.yaml, under the key
// pathToFile. It is called by generated code whose configuration sets
// embedded-spec: true and maps openapi.yaml to this package. oapi-codegen would
// generate the same function, but with a dependency on kin-openapi. If
// pathToFile is empty, the result is empty.
func PathToRawSpec(pathToFile string) map[string]func() ([]byte, error) {
	if pathToFile == "" {
		return map[string]func() ([]byte, error){}
	}
	return map[string]func() ([]byte, error){
		pathToFile: func() ([]byte, error) { return tasks.OpenAPI, nil },
	}
}
