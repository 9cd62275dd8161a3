package memory

// ChangeStored changes the stored form of a finding.
func (s *Store) ChangeStored(id string, to func([]byte) []byte) {
	defer s.lock()()
	k := s.findings[id]
	k.record = to(k.record)
	s.findings[id] = k
}
