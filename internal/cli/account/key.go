package account

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/deepomatic/tasks/internal/cli/exit"
)

// maxKey bounds what is read in search of a key.
const maxKey = 64 << 10

// key reads the key. A flag wins over the environment.
func (a *Account) key(ctx context.Context) (*key, error) {
	variable, file := os.Getenv(envKey), os.Getenv(envKeyFile)
	switch {
	case a.KeyFile != "" && a.KeyCommand != "":
		return nil, problem("--api-key-command", "--api-key-file is given too; give only one of them")
	case a.KeyCommand != "":
		return newKey(ctx, "--api-key-command", "", func(ctx context.Context) (string, error) { return keyOfCommand(ctx, a.KeyCommand) })
	case a.KeyFile != "":
		return newKey(ctx, "--api-key-file", a.KeyFile, func(context.Context) (string, error) { return keyOfFile("--api-key-file", a.KeyFile) })
	case variable != "" && file != "":
		return nil, problem(envKeyFile, envKey+" is set too; unset one of them")
	case file != "":
		return newKey(ctx, envKeyFile, file, func(context.Context) (string, error) { return keyOfFile(envKeyFile, file) })
	case variable == "":
		return nil, &SettingError{Name: envKey, code: exit.Unauthorized,
			Problem: "is not set; set it to your API key, which you find in your Deepomatic account, or see --help for other ways to give a key"}
	}
	k := &key{text: variable}
	return k, k.check(envKey)
}

// keyOfFile reads a key from a file, which may be a pipe. The file has one line.
func keyOfFile(from, path string) (string, error) {
	file, err := os.Open(path) //nolint:gosec // the file that the user names
	if err != nil {
		return "", problem(from, exit.Message(err))
	}
	defer func() { _ = file.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(file, maxKey+1))
	key := strings.TrimSpace(strings.TrimPrefix(string(text), "\ufeff")) // Windows editors begin a file with a mark
	switch {
	case err != nil:
		return "", problem(from, exit.Message(err))
	case len(text) > maxKey:
		return "", problem(from, path+" is too large to be a key")
	case key == "":
		return "", problem(from, path+" is empty")
	case strings.ContainsAny(key, "\r\n"):
		return "", problem(from, path+" has several lines; it may hold the key alone")
	}
	return key, nil
}

// keyOfCommand runs a command of the user's shell and takes the first line that
// it prints, as password managers print it. The command may ask for a password:
// what it says to people passes through.
func keyOfCommand(ctx context.Context, command string) (string, error) {
	shell := []string{"sh", "-c"}
	if runtime.GOOS == "windows" {
		shell = []string{"cmd", "/C"}
	}
	cmd := exec.CommandContext(ctx, shell[0], append(shell[1:], command)...) //nolint:gosec // the user gave it to be run
	cmd.Stderr, cmd.WaitDelay = os.Stderr, time.Second
	out := limited{left: maxKey}
	cmd.Stdout = &out
	err := cmd.Run()
	key, _, _ := strings.Cut(strings.TrimLeft(string(out.text), "\r\n"), "\n")
	key = strings.TrimSpace(key)
	ended, isExit := errors.AsType[*exec.ExitError](err)
	switch {
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case isExit:
		return "", problem("--api-key-command", fmt.Sprintf("the command ended with exit code %d", ended.ExitCode()))
	case err != nil:
		return "", problem("--api-key-command", err.Error())
	case key == "":
		return "", problem("--api-key-command", "the command printed nothing")
	}
	return key, nil
}

// limited keeps the beginning of what is written.
type limited struct {
	text []byte
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.text, l.left = append(l.text, p[:n]...), l.left-n
	return len(p), nil
}
