package slack

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"time"
)

// triggerLife is how long after a click the app may open a view.
// https://docs.slack.dev/interactivity/handling-user-interaction
const triggerLife = 3 * time.Second

// trigger lets the app open one view for the person who clicked.
type trigger struct {
	user    string
	expires time.Time
	used    bool
}

// View is a modal that a person has open, or the app's home tab.
type View struct {
	ID, User   string
	Type       string // "modal" or "home"
	ExternalID string
	Callback   string
	Private    string // private_metadata
	Title      string
	Submit     string
	Blocks     json.RawMessage
	Edits      int
	// Errors is what the app objected to in the last submission, by block.
	Errors map[string]string

	raw json.RawMessage
}

// Views returns a copy of the modals that are open, oldest first.
func (s *Workspace) Views() []View {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []View
	for _, v := range s.views {
		out = append(out, *v)
	}
	return out
}

// Home is the app's home tab as the person sees it; false if the app never
// published one.
func (s *Workspace) Home(userID string) (View, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.homes[userID]
	return v, ok
}

// trigger makes a trigger id for the person.
func (s *Workspace) trigger(userID string) string {
	id := "1." + rand.Text()
	s.triggers[id] = &trigger{user: userID, expires: s.cfg.Now().Add(triggerLife)}
	return id
}

// https://docs.slack.dev/reference/methods/views.open
func (s *Workspace) openView(args url.Values) reply {
	t := s.triggers[args.Get("trigger_id")]
	switch {
	case t == nil:
		return refused("invalid_trigger_id")
	case s.cfg.Now().After(t.expires):
		return refused("expired_trigger_id")
	case t.used:
		return refused("exchanged_trigger_id")
	}
	t.used = true
	v, bad := readView(args.Get("view"), "modal")
	if bad != nil {
		return bad
	}
	if v.ExternalID != "" && s.viewBy("", v.ExternalID) != nil {
		return refused("duplicate_external_id")
	}
	s.sequence++
	v.ID, v.User = fmt.Sprintf("V%06d", s.sequence), t.user
	s.views = append(s.views, v)
	return reply{"view": map[string]any{"id": v.ID, "external_id": v.ExternalID}}
}

// https://docs.slack.dev/reference/methods/views.update
func (s *Workspace) updateView(args url.Values) reply {
	was := s.viewBy(args.Get("view_id"), args.Get("external_id"))
	if was == nil {
		return refused("not_found")
	}
	v, bad := readView(args.Get("view"), "modal")
	if bad != nil {
		return bad
	}
	v.ID, v.User, v.Edits, v.Errors = was.ID, was.User, was.Edits+1, was.Errors
	*was = *v
	return reply{"view": map[string]any{"id": v.ID, "external_id": v.ExternalID}}
}

// https://docs.slack.dev/reference/methods/views.publish
func (s *Workspace) publishView(args url.Values) reply {
	user, ok := s.users[args.Get("user_id")]
	if !ok {
		return refused("user_not_found")
	}
	v, bad := readView(args.Get("view"), "home")
	if bad != nil {
		return bad
	}
	v.User, v.Edits = user.ID, s.homes[user.ID].Edits+1
	s.homes[user.ID] = *v
	return reply{"view": map[string]any{"id": "V" + user.ID}}
}

// viewBy finds an open view by either id.
func (s *Workspace) viewBy(id, external string) *View {
	i := slices.IndexFunc(s.views, func(v *View) bool {
		return id != "" && v.ID == id || id == "" && external != "" && v.ExternalID == external
	})
	if i < 0 {
		return nil
	}
	return s.views[i]
}

// readView reads a view, or says why Slack would refuse it.
// https://docs.slack.dev/reference/views
func readView(raw, kind string) (*View, reply) {
	var v struct {
		Type       string
		CallbackID string `json:"callback_id"`
		ExternalID string `json:"external_id"`
		Private    string `json:"private_metadata"`
		Title      *textObject
		Submit     *textObject
		Blocks     json.RawMessage
	}
	if json.Unmarshal([]byte(raw), &v) != nil || v.Type != kind {
		return nil, refused("invalid_arguments", "[ERROR] a view of type "+kind+" is wanted")
	}
	if len(raw) > 250_000 {
		return nil, refused("view_too_large")
	}
	if problems := checkView(raw, kind); len(problems) > 0 {
		return nil, refused("invalid_arguments", problems...)
	}
	out := &View{Type: v.Type, ExternalID: v.ExternalID, Callback: v.CallbackID, Private: v.Private, Blocks: v.Blocks, raw: json.RawMessage(raw)}
	if v.Title != nil {
		out.Title = v.Title.Text
	}
	if v.Submit != nil {
		out.Submit = v.Submit.Text
	}
	return out, nil
}
