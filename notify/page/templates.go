package page

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"sync"
)

//go:embed style.css
var style string

//go:embed pages.html
var source string

// The style stands in the page, under a policy that names its digest: so a page
// is one answer, and one file when an auditor saves it.
//
// They are parsed for the first page: most processes show none.
var templates = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("pages").Funcs(template.FuncMap{
		"style": func() template.HTML { return template.HTML("<style>" + style + "</style>") }, //nolint:gosec // our own file
	}).Parse(source))
})

var policy = func() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
}()

// render writes a page whole, or not at all.
func (p *pages) render(w http.ResponseWriter, r *http.Request, status int, name string, view any) {
	var b bytes.Buffer
	if err := templates().ExecuteTemplate(&b, name, view); err != nil {
		p.cfg.Log.ErrorContext(r.Context(), "page not rendered", "path", r.URL.Path, "error", err)
		http.Error(w, "this page cannot be made", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w)
}

// sayTo writes a page with nothing on it but what went wrong.
func (p *pages) sayTo(w http.ResponseWriter, r *http.Request, v Visitor, status int, title, text string) {
	f := frameOf(title, v)
	f.Notice = notice{Title: title, Text: text, Alert: true}
	p.render(w, r, status, "notice", f)
}
