package account

import (
	"testing"
	"time"
)

// ReadAgainAfter sets the least time between two readings for a test.
func ReadAgainAfter(t *testing.T, d time.Duration) {
	t.Helper()
	was := readAgain
	readAgain = d
	t.Cleanup(func() { readAgain = was })
}
