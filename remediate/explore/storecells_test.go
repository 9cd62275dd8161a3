package explore_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/fault"
)

func (s store) Handled(ctx context.Context, id string) (bool, error) {
	unlock, err := s.locked(ctx)
	defer unlock()
	_, ok := s.handled[id]
	return ok && err == nil, err
}

func (s store) MarkHandled(ctx context.Context, id string, at time.Time) error {
	unlock, err := s.locked(ctx)
	defer unlock()
	if _, ok := s.handled[id]; err == nil && id != "" && !ok {
		s.handled[id] = at
	}
	return err
}

func (s store) LearnIdentity(ctx context.Context, i remediate.Sighting) error {
	unlock, err := s.locked(ctx)
	defer unlock()
	if i.Email == "" {
		err = errors.Join(err, errors.New("its e-mail is empty"))
	}
	if known, ok := s.identities[i.Email]; err == nil && (!ok || i.At.After(known.At)) {
		s.identities[i.Email] = cloned(i)
	}
	return err
}

func (s store) Identity(ctx context.Context, email string) (remediate.Sighting, error) {
	unlock, err := s.locked(ctx)
	defer unlock()
	i, ok := s.identities[email]
	if err == nil && !ok {
		err = fmt.Errorf("identity %s: %w", email, fault.ErrNotFound)
	}
	return i, err
}

func (s store) Pause(ctx context.Context) (desk.Pause, error) {
	unlock, err := s.locked(ctx)
	defer unlock()
	if err != nil {
		return desk.Pause{}, err
	}
	return cloned(s.pause), nil
}

func (s store) SetPause(ctx context.Context, p desk.Pause) (desk.Pause, error) {
	unlock, err := s.locked(ctx)
	defer unlock()
	switch {
	case err != nil:
		return desk.Pause{}, err
	case p.Revision != s.pause.Revision:
		return desk.Pause{}, fmt.Errorf("set the pause: %w", fault.ErrConflict)
	}
	p = cloned(p)
	p.Revision++
	s.records.pause = p
	return cloned(p), nil
}

func (s store) Cell(ctx context.Context, name string) (cells.Cell, error) {
	unlock, err := s.locked(ctx)
	defer unlock()
	c, ok := s.cells[name]
	switch {
	case err != nil:
		return cells.Cell{}, err
	case !ok:
		return cells.Cell{Name: name}, nil
	}
	return cloned(c), nil
}

func (s store) SetCell(ctx context.Context, c cells.Cell) (cells.Cell, error) {
	unlock, err := s.locked(ctx)
	defer unlock()
	switch {
	case err != nil:
		return cells.Cell{}, err
	case c.Name == "":
		return cells.Cell{}, errors.New("its name is empty")
	case c.Revision != s.cells[c.Name].Revision:
		return cells.Cell{}, fmt.Errorf("set cell %s: %w", c.Name, fault.ErrConflict)
	}
	c = cloned(c)
	c.Revision++
	s.cells[c.Name] = c
	return cloned(c), nil
}
