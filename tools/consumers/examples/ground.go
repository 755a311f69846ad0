package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/deepomatic/tasks/tools/consumers/publish"
)

// placeholder is the version that the examples' go.mod files require. It was
// never published, and is replaced before anything is run.
const placeholder = "v0.0.0-published"

// ground is where consumers are built: a folder beside a proxy that serves
// this module under a version.
type ground struct {
	dir     string
	version string
	env     []string
}

// open makes the ground; end removes it, also from the module cache.
func open(root string) (g *ground, end func() error, err error) {
	version, err := publish.Version(root, placeholder)
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "examples")
	if err != nil {
		return nil, nil, err
	}
	// Tools that print paths print the real one.
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, nil, err
	}
	proxy := filepath.Join(dir, "proxy")
	if err := publish.To(proxy, root, version); err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	known, err := goEnv("GOPROXY", "GONOSUMDB", "GOFLAGS", "GOMODCACHE")
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	g = &ground{dir: dir, version: version, env: append(os.Environ(),
		"GOWORK=off",
		"GOPROXY=file://"+filepath.ToSlash(proxy)+","+known["GOPROXY"],
		// No checksum database knows this version.
		"GONOSUMDB="+strings.Trim(known["GONOSUMDB"]+","+publish.Path, ","),
		// Without the folder's name in it, a compiled package can be used again in the next run, whose folder is another one. The cache is
		// writable so that end can remove what it holds of this version.
		"GOFLAGS="+strings.TrimSpace(known["GOFLAGS"]+" -trimpath -modcacherw"),
	)}
	return g, func() error {
		return errors.Join(os.RemoveAll(dir), forget(known["GOMODCACHE"], version))
	}, nil
}

// forget removes a version of this module from a module cache.
func forget(cache, version string) error {
	kept, err := filepath.Glob(filepath.Join(cache, "cache", "download", filepath.FromSlash(publish.Path), "@v", version+".*"))
	if err != nil {
		return err
	}
	var errs []error
	for _, path := range append(kept, filepath.Join(cache, filepath.FromSlash(publish.Path)+"@"+version)) {
		errs = append(errs, os.RemoveAll(path))
	}
	return errors.Join(errs...)
}

// goEnv reads variables of the go command, wherever they are set.
func goEnv(names ...string) (map[string]string, error) {
	out, err := exec.Command("go", append([]string{"env"}, names...)...).Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	lines := strings.Split(string(out), "\n")
	values := map[string]string{}
	for i, name := range names {
		values[name] = lines[i]
	}
	return values, nil
}

// run runs a command in a folder. Its error holds what the command printed.
func (g *ground) run(dir, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(g.env[:len(g.env):len(g.env)], "PWD="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(append([]string{name}, args...), " "), err, out)
	}
	return nil
}
