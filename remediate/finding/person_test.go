package finding

import (
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
)

const pool = "principal://iam.googleapis.com/locations/global/workforcePools/staff/subject/"

func TestS15APersonIsTheSameHoweverTheyAreSpelled(t *testing.T) {
	for _, tt := range []struct {
		name             string
		actor, principal string
		want             bool
	}{
		{"in another case", "user:Ada@Example.com", ada, true},
		{"deleted since", "deleted:user:ada@example.com?uid=123", ada, true},
		{"with a tag", "user:ada+2@example.com", ada, true},
		{"with two tags", "user:ada+2+3@example.com", ada, true},
		{"with two different tags", "user:ada+2@example.com", "user:ada+3@example.com", true},
		{"with dots at Gmail", "user:a.d.a@gmail.com", "user:ada@gmail.com", true},
		{"at both of Gmail's domains", "user:A.Da+x@GoogleMail.com", "user:ada@gmail.com", true},
		{"with dots elsewhere", "user:a.da@example.com", ada, false},
		{"at a domain that begins like Gmail's", "user:ada@gmail.com.example.com", "user:ada@gmail.com", false},
		{"a federated subject that is their mail", pool + "ada@example.com", ada, true},
		{"escaped", pool + "ada%40example.com", ada, true},
		{"escaped, with a tag", pool + "ADA%2Bx%40Example.com", ada, true},
		{"the same mail in two pools", pool + "ada@example.com", strings.Replace(pool, "staff", "okta", 1) + "ada@example.com", true},
		{"a federated subject of another", pool + "bob@example.com", ada, false},
		{"the same number in two pools", pool + "7", strings.Replace(pool, "staff", "okta", 1) + "7", false},
		{"a federated subject is no service account", pool + "ci@p.iam.gserviceaccount.com", "serviceAccount:ci@p.iam.gserviceaccount.com", false},
		{"nor one that only looks like it", pool + "serviceAccount:ci@p", "serviceAccount:ci@p", false},
		{"another person", "user:bob@example.com", ada, false},
		{"a tag does not make the name shorter", "user:ad+a@example.com", ada, false},
		{"a group of that address", "group:ada@example.com", ada, false},
		{"a service account has no tags", "serviceAccount:ci+x@p.iam.gserviceaccount.com", "serviceAccount:ci@p.iam.gserviceaccount.com", false},
		{"nobody", "", ada, false},
	} {
		if got := SamePerson(tt.actor, tt.principal); got != tt.want {
			t.Errorf("%s: %q is %q: %t", tt.name, tt.actor, tt.principal, got)
		}
		if a, b := SamePerson(tt.actor, tt.principal), SamePerson(tt.principal, tt.actor); a != b {
			t.Errorf("%s: it is so in one direction only", tt.name)
		}
	}
}

// mailboxes are of different people, however each is spelled.
var mailboxes = []string{"ada@example.com", "a.da@example.com", "ada@example.org", "adam@example.com", "ada@gmail.com", "bob@gmail.com", "ad@gmail.com", "ada@mail.gmail.com"}

// spelling is one of the ways in which the log, Slack or IAP may spell a mailbox.
func spelling(rng *rand.Rand, mailbox string) string {
	name, domain, _ := strings.Cut(mailbox, "@")
	if domain == "gmail.com" {
		for range rng.IntN(4) {
			at := 1 + rng.IntN(len(name)-1)
			name = name[:at] + "." + name[at:]
		}
		domain = []string{"gmail.com", "googlemail.com"}[rng.IntN(2)]
	}
	for range rng.IntN(3) {
		name += "+" + []string{"", "2", "test", "bob", "a.b"}[rng.IntN(5)]
	}
	mail := []byte(name + "@" + domain)
	for i, c := range mail {
		if rng.IntN(3) == 0 {
			mail[i] = []byte(strings.ToUpper(string(c)))[0]
		}
	}
	switch rng.IntN(6) {
	case 0:
		return "deleted:user:" + string(mail) + "?uid=1234567890"
	case 1:
		return pool + url.PathEscape(string(mail))
	case 2:
		return pool + string(mail)
	}
	return "user:" + string(mail)
}

func TestS15NoSpellingMakesTwoPeopleOfOneNorOneOfTwo(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(15, 3))
	spelled := map[string]int{}
	for range 20000 {
		mine, theirs := mailboxes[rng.IntN(len(mailboxes))], mailboxes[rng.IntN(len(mailboxes))]
		a, b := spelling(rng, mine), spelling(rng, theirs)
		if SamePerson(a, b) != (mine == theirs) {
			t.Fatalf("%s, which is %s, and %s, which is %s: the same person: %t", a, mine, b, theirs, SamePerson(a, b))
		}
		if f := (Finding{Answers: []Answer{{Choice: ChooseKeep, Principal: a}}}); slices.ContainsFunc(f.Answers, Answer{Choice: ChooseKeep, Principal: b}.Repeats) != (mine == theirs) {
			t.Fatalf("an answer by %s is repeated by %s: %t", a, b, mine != theirs)
		}
		if People(a, b, a) != map[bool]int{true: 1, false: 2}[mine == theirs] {
			t.Fatalf("%s and %s are %d people", a, b, People(a, b, a))
		}
		spelled[a]++
	}
	if len(spelled) < 3000 {
		t.Errorf("%d spellings: the test cannot fail", len(spelled))
	}
}

func FuzzAPersonIsWhoeverTheirSpellingsAre(f *testing.F) {
	for _, p := range []string{ada, "user:A.da+x@googlemail.com", pool + "ada%2Bx%40example.com", "deleted:user:ada@example.com?uid=1", "user:a@b+c@gmail.com", "serviceAccount:ci@p.iam.gserviceaccount.com", "user:\u0130+\u212a@gmail.com", ""} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p string) {
		for _, s := range Spellings(p) {
			if !SamePerson(p, s) || !SamePerson(s, p) || People(p, s) != 1 {
				t.Errorf("%q is spelled %q, and is somebody else", p, s)
			}
		}
	})
}
