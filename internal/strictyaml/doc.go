// Package strictyaml reads YAML written by people, and says everything that is
// wrong with it at once, each problem with file, line and column. Unknown and
// repeated keys, anchors, aliases, tags, a second document, deep nesting, line
// ends that editors do not show and more bytes than a file may have are
// problems: what a reviewer reads is what is loaded. A word that is misspelt
// gets a suggestion.
//
// Open and the methods of the Reader read node by node; Decode fills a struct.
// SchemaOf makes a JSON Schema from the same code that reads.
package strictyaml
