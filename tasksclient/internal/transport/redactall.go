package transport

// RedactAll takes the secrets out of a text, and leaves it as it is otherwise.
func (t *Transport) RedactAll(text string) string { return t.redactor().redact(text) }

// sealed keeps r where no print or encoder looks.
func sealed(r redactor) func() *redactor { return func() *redactor { return &r } }
