package fleet

import (
	"errors"
	"fmt"
)

// ConfigError says that what New was given can't be right.
type ConfigError struct {
	Name    string // what is wrong: an argument's or an option's name
	Problem string // what is wrong with it, and what to do
}

func (e *ConfigError) Error() string { return "fleet: " + e.Name + " " + e.Problem }

// SchemaError says that the database's tables are not those that this version
// of the package works with. Nothing was changed.
type SchemaError struct {
	Tables string // whose tables: "the fleet" or "River"
	Have   int    // the version that the database has; 0 if there are no tables, -1 if there are and no version is told
	Want   int    // the version that this package works with
}

func (e *SchemaError) Error() string {
	switch {
	case e.Have < 0:
		return fmt.Sprintf("fleet: the database has tables of %s and does not tell their version: a part is missing, as after a copy that was not complete; restore all of its tables, or use another database", e.Tables)
	case e.Have == 0:
		return fmt.Sprintf("fleet: the database has no tables of %s; run \"deepotasks-fleet migrate\" (Fleet.Migrate) first", e.Tables)
	case e.Have > e.Want:
		return fmt.Sprintf("fleet: the database's tables of %s have version %d, and this program knows %d only; use a newer release of it", e.Tables, e.Have, e.Want)
	}
	return fmt.Sprintf("fleet: the database's tables of %s have version %d, and this program needs %d; run \"deepotasks-fleet migrate\" (Fleet.Migrate)", e.Tables, e.Have, e.Want)
}

// errLost says that a job is another worker's now.
var errLost = errors.New("fleet: the job was given to another worker")

// errSilent ends a transaction whose begin got no answer.
var errSilent = errors.New("fleet: the database does not answer")
