// Package sqlite opens SQLite databases as package fleet needs them.
package sqlite

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"

	_ "modernc.org/sqlite" // the driver; it needs no C compiler
)

// Open opens the SQLite database at path, and makes it if it is not there. What
// it commits is on the disk; transactions wait for each other, up to ten
// seconds, instead of failing; other processes may use the file at the same
// time if it is on a local disk. The pool has a single connection, so that
// code that is within a transaction must do everything by it.
func Open(path string) (*sql.DB, error) {
	return open(path, url.Values{"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)"}})
}

// OpenExisting is [Open] for a database that is there: it makes no file, and does
// not change how the file is kept. The error is [fs.ErrNotExist] if there is none.
func OpenExisting(path string) (*sql.DB, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	return open(path, url.Values{"mode": {"rw"}, "_pragma": {"busy_timeout(10000)", "synchronous(FULL)"}})
}

func open(path string, settings url.Values) (*sql.DB, error) {
	settings.Set("_txlock", "immediate")
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: settings.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	if err := db.Ping(); err != nil { //nolint:noctx // it is a file
		_ = db.Close()
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	return db, nil
}
