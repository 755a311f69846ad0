package pages_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// page is a Markdown file.
type page struct {
	path     string
	links    []string        // where its links and pictures lead
	headings map[string]bool // the fragments that lead to one of its headings
	programs []string        // its blocks of Go code
}

// sources are the pictures of HTML, which has those for dark pages.
var sources = regexp.MustCompile(`(?:src|srcset)="([^"]+)"`)

// read reads the page at path.
func read(path string) (*page, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p := &page{path: path, headings: map[string]bool{}}
	markdown := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	err = ast.Walk(markdown.Parser().Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			p.links = append(p.links, string(n.Destination))
		case *ast.Image:
			p.links = append(p.links, string(n.Destination))
		case *ast.HTMLBlock:
			for _, source := range sources.FindAllSubmatch(n.Lines().Value(source), -1) {
				p.links = append(p.links, string(source[1]))
			}
		case *ast.Heading:
			if id, ok := n.AttributeString("id"); ok {
				p.headings[string(id.([]byte))] = true
			}
		case *ast.FencedCodeBlock:
			if string(n.Language(source)) == "go" {
				p.programs = append(p.programs, string(bytes.TrimSpace(n.Lines().Value(source))))
			}
		}
		return ast.WalkContinue, nil
	})
	return p, err
}

// all finds the Markdown files below root, except in folders that hold what was downloaded or made.
func all(root string) (paths []string, err error) {
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch name := entry.Name(); {
		case err != nil:
			return err
		case entry.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "node_modules"):
			return fs.SkipDir
		case strings.HasSuffix(name, ".md"):
			paths = append(paths, path)
		}
		return nil
	})
	return paths, err
}
