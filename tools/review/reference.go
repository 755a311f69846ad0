package main

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"

	"github.com/swaggest/swgui/v5/static"
	"go.yaml.in/yaml/v4"
)

//go:embed reference.html.tmpl
var referenceTemplate string

// writeReference writes the reference as one HTML file that loads nothing: the
// document, Swagger UI and its styles stand in it, and its own policy forbids
// the browser to ask for more.
func writeReference(path string, source []byte) error {
	page, err := reference(source)
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(filepath.Dir(path), 0o750), os.WriteFile(path, page, 0o600))
}

func reference(source []byte) ([]byte, error) {
	root, broken := nodes(source)
	if len(broken) > 0 {
		return nil, fmt.Errorf("%s can't be read: %w", specName, fault(broken))
	}
	var spec bytes.Buffer
	if err := writeJSON(&spec, root); err != nil {
		return nil, err
	}
	script, err1 := asset("swagger-ui-bundle.js.gz")
	style, err2 := asset("swagger-ui.css.gz")
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	var page bytes.Buffer
	err := template.Must(template.New("").Parse(referenceTemplate)).Execute(&page, struct {
		Title  string
		Keys   []credential
		Style  template.CSS
		Script template.JS
		Spec   template.JS
	}{
		// Both parts are Swagger UI's own files, and encoding/json leaves no < in the third.
		scalar(get(get(root, "info"), "title")), credentials(root), template.CSS(style), template.JS(script), template.JS(spec.String()), //nolint:gosec // see above
	})
	return page.Bytes(), err
}

// credential is what authenticates; Swagger UI shows it only to those who enter one.
type credential struct{ Name, In, Description string }

func credentials(root *yaml.Node) (all []credential) {
	d := &document{root: root}
	schemes := d.find("#/components/securitySchemes")
	for i := 1; schemes != nil && i < len(schemes.Content); i += 2 {
		scheme := d.resolve(schemes.Content[i])
		all = append(all, credential{text(scheme, "name"), text(scheme, "in"), text(scheme, "description")})
	}
	return all
}

// asset is one of Swagger UI's files, as text that can stand in an element.
func asset(name string) (string, error) {
	file, err := static.FS.Open(name)
	if err != nil {
		return "", err
	}
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		return "", errors.Join(err, file.Close())
	}
	content, err := io.ReadAll(unpacked)
	content = bytes.ReplaceAll(content, []byte("</script"), []byte(`<\/script`))
	return string(content), errors.Join(err, file.Close())
}

// writeJSON writes a YAML node as JSON, with its keys in their order: readers
// want a task's id before its subtasks.
func writeJSON(b *bytes.Buffer, n *yaml.Node) error {
	switch n.Kind {
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, c := range n.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeJSON(b, c); err != nil {
				return err
			}
		}
		b.WriteByte(']')
		return nil
	case yaml.MappingNode:
		b.WriteByte('{')
		for i := 0; i < len(n.Content); i += 2 {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeValue(b, n.Content[i].Value); err != nil {
				return err
			}
			b.WriteByte(':')
			if err := writeJSON(b, n.Content[i+1]); err != nil {
				return err
			}
		}
		b.WriteByte('}')
		return nil
	default:
		var value any
		if err := n.Decode(&value); err != nil {
			return err
		}
		return writeValue(b, value)
	}
}

func writeValue(b *bytes.Buffer, value any) error {
	encoded, err := json.Marshal(value)
	b.Write(encoded)
	return err
}
