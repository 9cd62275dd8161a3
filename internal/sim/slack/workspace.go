package slack

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

// Config says who and what is in a Workspace. Token, SigningSecret and Now must
// be set.
type Config struct {
	Token         string // what the app's calls must carry
	AppToken      string // what opens a socket; empty: nothing does
	SigningSecret string // what clicks are signed with
	Team          string // the workspace's id
	App           string // the app's id
	Users         []User
	Groups        map[string][]string // user group id to user ids
	Now           func() time.Time
}

// User is one person or bot that may click. The zero flags are those of an
// ordinary member.
type User struct {
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

// Message is a message as it stands in a channel.
type Message struct {
	Channel, TS string
	Thread      string // ts of the message it replies to; empty outside threads
	Text        string
	Blocks      json.RawMessage
	Edits       int
}

// Note is a message that one person alone sees.
type Note struct {
	User, Channel, Text string
	At                  time.Time
}

// Fault makes a call fail. With Status the call is not carried out; with
// Drop it is, and its answer is lost.
type Fault struct {
	Status     int
	RetryAfter string // sent as given: Slack's proxies have sent fractions
	Body       string
	Drop       bool
}

// Workspace is a simulated Slack workspace, with the people in it and one app.
// Its methods may be called concurrently.
type Workspace struct {
	cfg Config

	mu           sync.Mutex
	self         string // base URL it is served at, for response URLs
	interactions string // where clicks go
	commands     string // where slash commands go
	events       string // where the app is told what happened
	sequence     int
	messages     []*Message
	notes        []Note
	users        map[string]User
	responses    map[string]*responseURL
	inject       func(method string) *Fault
	triggers     map[string]*trigger
	views        []*View
	homes        map[string]View // by user
	socket       *socket         // nil: what happens is posted
	tickets      map[string]bool // for one socket each
}

// New returns a workspace without messages. Connect it before anyone clicks.
func New(c Config) *Workspace {
	s := &Workspace{cfg: c, users: map[string]User{}, responses: map[string]*responseURL{},
		triggers: map[string]*trigger{}, homes: map[string]View{}, tickets: map[string]bool{}}
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
func (s *Workspace) Connect(self, interactions string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.self, s.interactions = strings.TrimSuffix(self, "/"), interactions
}

// ConnectApp says where the app takes slash commands and events.
func (s *Workspace) ConnectApp(commands, events string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commands, s.events = commands, events
}

// Inject asks f for a fault before every call to the Web API; nil ends it.
func (s *Workspace) Inject(f func(method string) *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inject = f
}

// Handler serves the Web API at /api/METHOD and response URLs at /actions/KEY.
func (s *Workspace) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/{method}", s.serveAPI)
	mux.HandleFunc("POST /actions/{key}", s.serveResponse)
	mux.HandleFunc("GET /socket/{ticket}", s.serveSocket)
	return mux
}

// Messages returns a copy of all messages, in the order they were posted.
func (s *Workspace) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Message, len(s.messages))
	for i, m := range s.messages {
		out[i] = *m
	}
	return out
}

// Notes returns a copy of all private notes, oldest first.
func (s *Workspace) Notes() []Note {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.notes)
}

// Users returns who is in the workspace, by id.
func (s *Workspace) Users() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Collect(maps.Values(s.users))
	slices.SortFunc(out, func(a, b User) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// Remove deletes a message, as a person in the channel may.
func (s *Workspace) Remove(channel, ts string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = slices.DeleteFunc(s.messages, func(m *Message) bool { return m.Channel == channel && m.TS == ts })
}

func (s *Workspace) find(channel, ts string) *Message {
	for _, m := range s.messages {
		if m.Channel == channel && m.TS == ts {
			return m
		}
	}
	return nil
}

// stamp is a message's ts: unique, and growing also when the clock stands.
func (s *Workspace) stamp() string {
	s.sequence++
	return strconv.FormatInt(s.cfg.Now().Unix(), 10) + fmt.Sprintf(".%06d", s.sequence)
}
