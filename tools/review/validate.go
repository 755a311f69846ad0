package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// validate has kin-openapi hold the document to OpenAPI. Values that are shown
// are held to their schemas by ourselves, since kin-openapi passes those of
// headers, and tells the others without their places.
func validate(ctx context.Context, d *document) []finding {
	err := guarded("kin-openapi", func() error {
		return d.spec.Validate(ctx, openapi3.DisableExamplesValidation(), openapi3.DisableSchemaDefaultsValidation(),
			openapi3.EnableSchemaFormatValidation(), openapi3.EnableSchemaPatternValidation(),
			openapi3.EnableMultiError())
	})
	var several openapi3.MultiError
	if err != nil && !errors.As(err, &several) {
		several = openapi3.MultiError{err}
	}
	var all []finding
	told := map[string]bool{}
	for _, err := range several {
		line, what := innermost(err)
		if told[fmt.Sprint(line, what)] {
			continue // what several places refer to is found from each
		}
		told[fmt.Sprint(line, what)] = true
		text, _, _ := strings.Cut(err.Error(), "\n")
		f := ruled("kin-openapi", d.placeOf(line), line, "%s", text)
		if line == 0 {
			f.Place = "the document"
		}
		all = append(all, f)
	}
	return all
}

// innermost is what an error of kin-openapi is about in the end: the line of
// the nearest object, and the text without the way there. Its errors hold the
// place under one name, and share no interface that gives it.
func innermost(err error) (line int, text string) {
	for ; err != nil; err = errors.Unwrap(err) {
		text = err.Error()
		v := reflect.Indirect(reflect.ValueOf(err))
		if v.Kind() != reflect.Struct || !v.FieldByName("Origin").IsValid() {
			continue
		}
		if at, ok := v.FieldByName("Origin").Interface().(*openapi3.Origin); ok && at != nil && at.Key != nil {
			line = at.Key.Line
		}
	}
	return line, text
}

// said takes a parser's or validator's text to pieces: where it stands, and what is wrong.
var said = regexp.MustCompile(`(?m)line (\d+): (.*?)(?: in (/\S*))?$`)

// unreadable is what keeps kin-openapi from reading the document.
func unreadable(d *document, err error) finding {
	text := err.Error()
	found := said.FindStringSubmatch(text)
	if found == nil {
		f := ruled("unreadable", nil, 0, "%s", text)
		f.Place = "the document"
		return f
	}
	line := lineIn(found[0])
	f := ruled("unreadable", d.placeOf(line), line, "%s", found[2])
	if found[3] != "" {
		f.Place = "#" + found[3]
	}
	return f
}

// guarded makes an error of a library's panic. The document comes from whoever
// opens a pull request, and the libraries promise nothing for the odd ones.
func guarded(library string, call func() error) (err error) {
	defer func() {
		if said := recover(); said != nil {
			err = fmt.Errorf("%s gives up on the document: %v", library, said)
		}
	}()
	return call()
}
