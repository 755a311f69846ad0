// Package importmapping is a service whose own OpenAPI document refers to
// Task. Its generated code imports the type instead of making another.
package importmapping

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"example.test/importmapping/embedded"
	"github.com/deepomatic/tasks/gen"
	"github.com/deepomatic/tasks/tasksclient"
)

// The other document has to stand where openapi.yaml says. The command that
// copies it works with a vendor folder too.
//
//go:generate sh -c "cat $(go list -f {{.Dir}} github.com/deepomatic/tasks)/openapi.yaml > tasks.openapi.yaml"
//go:generate go tool oapi-codegen -config embedded/config.yaml openapi.yaml
//go:generate go tool oapi-codegen -config plain/config.yaml openapi.yaml

// Desk serves photos. It implements what is generated of openapi.yaml.
type Desk struct {
	Tasks *tasksclient.Client
	// Photos are the task ids of the photos, by name.
	Photos map[string]string
}

var _ embedded.ServerInterface = (*Desk)(nil)

// GetPhoto answers GET /photos/{name}.
func (d *Desk) GetPhoto(w http.ResponseWriter, r *http.Request, name string) {
	id, ok := d.Photos[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	photo, err := d.photo(r, name, id)
	answer(w, photo, err)
}

// ListPhotos answers GET /photos.
func (d *Desk) ListPhotos(w http.ResponseWriter, r *http.Request, params embedded.ListPhotosParams) {
	photos := []embedded.Photo{}
	for _, name := range slices.Sorted(maps.Keys(d.Photos)) {
		photo, err := d.photo(r, name, d.Photos[name])
		if err != nil {
			answer(w, nil, err)
			return
		}
		if photo.Task.Status == params.Status {
			photos = append(photos, photo)
		}
	}
	answer(w, photos, nil)
}

func (d *Desk) photo(r *http.Request, name, id string) (embedded.Photo, error) {
	task, err := d.Tasks.Get(r.Context(), id)
	if err != nil {
		return embedded.Photo{}, err
	}
	photo := embedded.Photo{Name: name}
	if photo.Task, err = onWire(task); err != nil || task.Status != tasksclient.StatusSuccess {
		return photo, err
	}
	result, err := tasksclient.Decode[gen.InferenceResult](task)
	photo.Result = &result
	return photo, err
}

// onWire gives a task as the API has it: its JSON is the same.
func onWire(task *tasksclient.Task) (wire gen.Task, err error) {
	text, err := json.Marshal(task)
	if err != nil {
		return wire, err
	}
	return wire, json.Unmarshal(text, &wire)
}

func answer(w http.ResponseWriter, value any, err error) {
	if err != nil {
		http.Error(w, fmt.Sprint("no answer from the tasks API: ", err), http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value) // the connection is gone if this fails
}
