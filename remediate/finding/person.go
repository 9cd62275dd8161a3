package finding

import (
	"net/url"
	"slices"
	"strings"
)

// Canonical is the one spelling of a principal. Addresses are compared without
// case: mail servers and IAM do not tell them apart. An account that was deleted
// since is still who it was. It is what somebody is admitted by: a mail that only
// may be an approver's admits nobody.
// https://cloud.google.com/iam/docs/principal-identifiers
func Canonical(principal string) string {
	p := strings.ToLower(principal)
	if gone, ok := strings.CutPrefix(p, "deleted:"); ok {
		p, _, _ = strings.Cut(gone, "?uid=")
	}
	return p
}

// SamePerson reports whether two principals may be one person: then they have one
// vote, and neither keeps what the other made. Everybody who compares people for
// more than their spelling asks here. It compares persons, so whoever is the same
// as a second is the same as all who are the same as that second.
func SamePerson(a, b string) bool { return personOf(a) == personOf(b) }

// People is how many different people the principals are at least.
func People(principals ...string) int {
	seen := map[string]bool{}
	for _, p := range principals {
		seen[personOf(p)] = true
	}
	return len(seen)
}

// personOf is what all principals have in common that may be one person. By it people
// are compared, and nobody is admitted. The subject of a federated identity is often
// its mail.
func personOf(principal string) string {
	if mail := MailOf(principal); mail != "" {
		return "user:" + mailbox(mail)
	}
	return Canonical(principal)
}

// Spellings are those under which a directory may have the person: as they are, in
// lower case, and without what makes no difference between people.
func Spellings(principal string) []string {
	return slices.Compact([]string{principal, Canonical(principal), personOf(principal)})
}

// MailOf is the mail that a person has in the log, in lower case: that of a user, or
// the subject of a federated identity where it is one. It is empty for anybody else.
func MailOf(principal string) string {
	p := Canonical(principal)
	if mail, ok := strings.CutPrefix(p, "user:"); ok {
		return mail
	}
	return subjectMail(p)
}

// subjectMail is the mail that a federated subject is, in lower case; empty for a
// subject that is no mail.
func subjectMail(principal string) string {
	_, subject, federated := strings.Cut(principal, "/subject/")
	if !federated || !strings.HasPrefix(principal, "principal://") {
		return ""
	}
	if plain, err := url.PathUnescape(subject); err == nil {
		subject = strings.ToLower(plain)
	}
	if name, domain, ok := strings.Cut(subject, "@"); !ok || name == "" || domain == "" {
		return ""
	}
	return subject
}

// mailbox is where mail to the address arrives, as far as its form tells: a tag
// leads to the same mailbox, and at Gmail dots and the two domains make no
// difference. Where a server tells them apart all the same, two people count as
// one, and that is the safe mistake.
// https://datatracker.ietf.org/doc/html/rfc5233
// https://support.google.com/mail/answer/7436150
func mailbox(mail string) string {
	at := strings.LastIndex(mail, "@")
	if at < 0 {
		return mail
	}
	name, domain := mail[:at], mail[at+1:]
	name, _, _ = strings.Cut(name, "+")
	if domain == "gmail.com" || domain == "googlemail.com" {
		name, domain = strings.ReplaceAll(name, ".", ""), "gmail.com"
	}
	return name + "@" + domain
}
