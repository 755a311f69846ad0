package fleet_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/riverqueue/river/riverdriver/riversqlite"

	"github.com/deepomatic/tasks/fleet"
	"github.com/deepomatic/tasks/fleet/sqlite"
	"github.com/deepomatic/tasks/gen"
	"github.com/deepomatic/tasks/tasksclient"
	"github.com/deepomatic/tasks/tasksclient/taskstest"
)

// service lets people upload images, has them recognised, and keeps what was
// seen on each.
type service struct {
	db     *sql.DB
	fleet  *fleet.Fleet[*sql.Tx]
	submit func(ctx context.Context, image string) (taskID string, err error)
}

// upload submits an image. Its row and the wait for its task are stored
// together: there is no image whose task nobody waits for.
func (s *service) upload(ctx context.Context, image string) error {
	taskID, err := s.submit(ctx, image)
	if err != nil {
		return err
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if _, err := tx.ExecContext(ctx, "INSERT INTO image (url, task) VALUES ($1, $2)", image, taskID); err != nil {
		return err
	}
	if err := s.fleet.EnqueueTx(ctx, tx, taskID); err != nil {
		return err
	}
	return tx.Commit()
}

// handle keeps what was seen. It runs in the transaction that marks the task as
// handled, so that each image is done once.
func (s *service) handle(ctx context.Context, tx *sql.Tx, r tasksclient.Result) error {
	seen, err := labels(r)
	if err != nil {
		return fleet.Permanent(err) // another try would end in the same way
	}
	_, err = tx.ExecContext(ctx, "UPDATE image SET seen = $1 WHERE task = $2", seen, r.ID)
	return err
}

// labels are the names of what was seen, or why nothing was.
func labels(r tasksclient.Result) (string, error) {
	if r.Err != nil {
		return "nothing: " + r.Err.Error(), nil //nolint:nilerr // why nothing was seen is kept, too
	}
	result, err := tasksclient.Decode[gen.InferenceResult](r.Task)
	if err != nil {
		return "", err
	}
	var names []string
	for _, output := range result.Outputs {
		for _, p := range output.Labels.Predicted {
			names = append(names, p.LabelName)
		}
	}
	return strings.Join(names, ", "), nil
}

// A service that submits images, waits for their tasks durably, and handles
// each result once. On PostgreSQL only the lines that open the database differ.
func Example_service() {
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	dir, err := os.MkdirTemp("", "service-")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	db, err := sqlite.Open(filepath.Join(dir, "service.db"))
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(ctx, "CREATE TABLE image (url text, task text PRIMARY KEY, seen text)"); err != nil {
		log.Fatal(err)
	}

	// The fake API; a real service has tasksclient.NewFromEnv().
	api := new(taskstest.Server)
	api.Add(taskstest.Published()...)
	client, err := tasksclient.New(taskstest.Key, tasksclient.WithHTTPClient(&http.Client{Transport: api}))
	if err != nil {
		log.Fatal(err)
	}

	s := &service{db: db, submit: func(context.Context, string) (string, error) { return "269999729", nil }}
	if s.fleet, err = fleet.New(riversqlite.New(db), client, s.handle); err != nil {
		log.Fatal(err)
	}
	if err := s.fleet.Migrate(ctx); err != nil {
		log.Fatal(err)
	}
	working, finish := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.fleet.Run(working) }() // here, or in other processes

	if err := s.upload(ctx, "https://example.com/dog.jpg"); err != nil {
		log.Fatal(err)
	}
	var seen sql.NullString
	for !seen.Valid {
		time.Sleep(50 * time.Millisecond)
		if err := db.QueryRowContext(ctx, "SELECT seen FROM image").Scan(&seen); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("seen:", seen.String)
	finish()
	fmt.Println("stopped:", <-ended)
	// Output:
	// seen: golden retriever
	// stopped: <nil>
}
