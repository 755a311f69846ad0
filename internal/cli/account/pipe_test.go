//go:build unix

package account_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/deepomatic/tasks/internal/cli/account"
	"github.com/deepomatic/tasks/tasksclient"
)

func TestAPipeIsReadOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	go func() { _ = os.WriteFile(path, []byte("the-key\n"), 0o600) }()
	api, client := rotating(t, account.Account{KeyFile: path})
	account.ReadAgainAfter(t, 0)
	api.Key = "another"
	for range 3 { // a second reading would never end
		if _, err := client.Get(t.Context(), "1"); !errors.Is(err, tasksclient.ErrUnauthorized) {
			t.Error(err)
		}
	}
}
