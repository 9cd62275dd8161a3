package mutate

import (
	"fmt"
	"go/ast"
)

// function makes a mutant of each guard of a function.
func (m *mutation) function(d *ast.FuncDecl) {
	if d.Body == nil {
		return
	}
	where := d.Name.Name
	if d.Recv != nil && len(d.Recv.List) > 0 {
		where = receiver(d.Recv.List[0].Type) + "." + where
	}
	m.block(d.Body, where, returnsBool(d.Type))
}

// block makes a mutant of each guard of a function's body. What a function within it
// returns is not what the function does.
func (m *mutation) block(body *ast.BlockStmt, where string, decides bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			m.block(n.Body, where, false)
			return false
		case *ast.IfStmt:
			m.guard(n.Cond, where, "if ")
		case *ast.SwitchStmt:
			if n.Tag == nil {
				m.cases(n, where)
			}
		case *ast.ReturnStmt:
			if decides && len(n.Results) == 1 && !literal(n.Results[0]) {
				m.guard(n.Results[0], where, "return ")
			}
		}
		return true
	})
}

func (m *mutation) cases(s *ast.SwitchStmt, where string) {
	for _, c := range s.Body.List {
		if c, ok := c.(*ast.CaseClause); ok {
			for _, e := range c.List {
				m.guard(e, where, "case ")
			}
		}
	}
}

func (m *mutation) guard(e ast.Expr, where, kind string) {
	m.wrap(e, fmt.Sprintf("mutantGuard(%d, ", m.add(e, where, kind+m.text(e))))
}

// tables makes a mutant of each row of a table that a variable named arrows holds,
// and one of each of several causes in a row.
func (m *mutation) tables(d *ast.GenDecl) {
	for _, s := range d.Specs {
		v, ok := s.(*ast.ValueSpec)
		if !ok || len(v.Names) != 1 || v.Names[0].Name != "arrows" || len(v.Values) != 1 {
			continue
		}
		table, ok := v.Values[0].(*ast.CompositeLit)
		if !ok {
			continue
		}
		m.rows(table, func(row *ast.CompositeLit) string { return m.text(row.Elts[0]) + " to " + m.text(row.Elts[1]) })
		for _, e := range table.Elts {
			if row, ok := e.(*ast.CompositeLit); ok {
				m.causes(row)
			}
		}
	}
}

// causes makes a mutant of each of several elements of a row's last field.
func (m *mutation) causes(row *ast.CompositeLit) {
	if by, ok := row.Elts[len(row.Elts)-1].(*ast.CompositeLit); ok && len(by.Elts) > 1 {
		first := m.next
		for _, c := range by.Elts {
			m.add(c, "arrows", m.text(row.Elts[0])+" to "+m.text(row.Elts[1])+" "+m.text(c))
		}
		m.wrap(by, fmt.Sprintf("mutantTable(%d, ", first))
	}
}

func (m *mutation) rows(table *ast.CompositeLit, name func(*ast.CompositeLit) string) {
	first := m.next
	for _, e := range table.Elts {
		if row, ok := e.(*ast.CompositeLit); ok {
			m.add(row, "arrows", name(row))
		}
	}
	m.wrap(table, fmt.Sprintf("mutantTable(%d, ", first))
}

func receiver(t ast.Expr) string {
	switch t := t.(type) {
	case *ast.StarExpr:
		return receiver(t.X)
	case *ast.IndexExpr:
		return receiver(t.X)
	case *ast.Ident:
		return t.Name
	}
	return "?"
}

// returnsBool reports whether the function returns one bool and nothing else.
func returnsBool(t *ast.FuncType) bool {
	if t.Results == nil || len(t.Results.List) != 1 || len(t.Results.List[0].Names) > 1 {
		return false
	}
	id, ok := t.Results.List[0].Type.(*ast.Ident)
	return ok && id.Name == "bool"
}

func literal(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return ok && (id.Name == "true" || id.Name == "false")
}
