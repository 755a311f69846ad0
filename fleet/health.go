package fleet

import (
	"errors"
	"fmt"
	"sync"
)

// health is what keeps a worker from its work, by whose fault it is.
type health struct {
	mu       sync.Mutex
	problems map[string]error
}

// Health is nil if the worker that [Fleet.Run] is can work, or why it can't: it
// has not begun, its requests to the API fail, or the database can't be reached.
func (f *Fleet[TTx]) Health() error {
	f.health.mu.Lock()
	defer f.health.mu.Unlock()
	if f.health.problems == nil {
		return errors.New("fleet: the worker has not begun")
	}
	for _, part := range []string{"database", "API"} {
		if err := f.health.problems[part]; err != nil {
			return fmt.Errorf("fleet: the %s: %w", part, err)
		}
	}
	return nil
}

func (f *Fleet[TTx]) setProblem(part string, err error) {
	f.health.mu.Lock()
	defer f.health.mu.Unlock()
	if f.health.problems == nil {
		f.health.problems = map[string]error{}
	}
	f.health.problems[part] = err
}
