package sim

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// SlackConfig is a workspace with one app in it.
type SlackConfig struct {
	Token         string // what the app's calls must carry
	AppToken      string // what opens a socket; empty: nothing does
	SigningSecret string // what clicks are signed with
	Team          string // the workspace's id
	App           string // the app's id
	Users         []SlackUser
	Groups        map[string][]string // user group id to user ids
	Now           func() time.Time
}

// SlackUser is one person or bot that may click. The zero flags are those of an
// ordinary member.
type SlackUser struct {
	ID, Name, Email string
	Team            string // another workspace's id for people of a shared channel; empty for ours
	Deleted         bool   // deactivated
	Guest           bool   // is_restricted
	Stranger        bool   // is_stranger: of a workspace we share no channel with
	Bot             bool
	Unconfirmed     bool // the e-mail is not confirmed
	Ultra           bool // is_ultra_restricted: a guest of one channel
	Unsaid          bool // Slack says nothing of whether the e-mail is confirmed
}

// SlackMessage is a message as it stands in a channel.
type SlackMessage struct {
	Channel, TS string
	Thread      string // ts of the message it replies to; empty outside threads
	Text        string
	Blocks      json.RawMessage
	Edits       int
}

// SlackNote is a message that one person alone sees.
type SlackNote struct {
	User, Channel, Text string
	At                  time.Time
}

// SlackFault makes a call fail. With Status the call is not carried out; with
// Drop it is, and its answer is lost.
type SlackFault struct {
	Status     int
	RetryAfter string // sent as given: Slack's proxies have sent fractions
	Body       string
	Drop       bool
}

// Slack is a simulated Slack: the Web API methods an approval bot needs, and
// people who click. It refuses what Slack refuses: a wrong token, an unknown
// message, blocks over the limits. It sends signed requests, and a button can
// only be clicked while it stands in the stored message. It knows nothing of
// rescind, so it cannot share its mistakes.
type Slack struct {
	cfg SlackConfig

	mu           sync.Mutex
	self         string // base URL it is served at, for response URLs
	interactions string // where clicks go
	commands     string // where slash commands go
	events       string // where the app is told what happened
	sequence     int
	messages     []*SlackMessage
	notes        []SlackNote
	users        map[string]SlackUser
	responses    map[string]*slackResponse
	inject       func(method string) *SlackFault
	triggers     map[string]*slackTrigger
	views        []*SlackView
	homes        map[string]SlackView // by user
	socket       *slackSocket         // nil: what happens is posted
	tickets      map[string]bool      // for one socket each
}

// NewSlack returns a workspace without messages. Connect it before anyone clicks.
func NewSlack(c SlackConfig) *Slack {
	s := &Slack{cfg: c, users: map[string]SlackUser{}, responses: map[string]*slackResponse{},
		triggers: map[string]*slackTrigger{}, homes: map[string]SlackView{}, tickets: map[string]bool{}}
	for _, u := range c.Users {
		if u.Team == "" {
			u.Team = c.Team
		}
		s.users[u.ID] = u
	}
	return s
}

// Connect says where Handler is served ("http://127.0.0.1:8081", the Web API
// below /api/) and where the app takes interactions.
func (s *Slack) Connect(self, interactions string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.self, s.interactions = strings.TrimSuffix(self, "/"), interactions
}

// ConnectApp says where the app takes slash commands and events.
func (s *Slack) ConnectApp(commands, events string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commands, s.events = commands, events
}

// Inject asks f for a fault before every call to the Web API; nil ends it.
func (s *Slack) Inject(f func(method string) *SlackFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inject = f
}

// Handler serves the Web API at /api/METHOD and response URLs at /actions/KEY.
func (s *Slack) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/{method}", s.serveAPI)
	mux.HandleFunc("POST /actions/{key}", s.serveResponse)
	mux.HandleFunc("GET /socket/{ticket}", s.serveSocket)
	return mux
}

// Messages returns a copy of all messages, in the order they were posted.
func (s *Slack) Messages() []SlackMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]SlackMessage, len(s.messages))
	for i, m := range s.messages {
		out[i] = *m
	}
	return out
}

// Notes returns a copy of all private notes, oldest first.
func (s *Slack) Notes() []SlackNote {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.notes)
}

// Users returns who is in the workspace, by id.
func (s *Slack) Users() []SlackUser {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Collect(maps.Values(s.users))
	slices.SortFunc(out, func(a, b SlackUser) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// Remove deletes a message, as a person in the channel may.
func (s *Slack) Remove(channel, ts string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = slices.DeleteFunc(s.messages, func(m *SlackMessage) bool { return m.Channel == channel && m.TS == ts })
}

func (s *Slack) find(channel, ts string) *SlackMessage {
	for _, m := range s.messages {
		if m.Channel == channel && m.TS == ts {
			return m
		}
	}
	return nil
}

// stamp is a message's ts: unique, and growing also when the clock stands.
func (s *Slack) stamp() string {
	s.sequence++
	return strconv.FormatInt(s.cfg.Now().Unix(), 10) + fmt.Sprintf(".%06d", s.sequence)
}
