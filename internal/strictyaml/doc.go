// Package strictyaml reads YAML written by people, and says everything that is
// wrong with it at once, each problem with file, line and column. Unknown and
// repeated keys, aliases and a second document are problems. It reads the
// configuration and the facts file; policy files have a stricter reader of
// their own.
package strictyaml
