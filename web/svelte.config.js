// How components are compiled.
//
// `fragments: "tree"` makes them build elements one by one: nothing of ours ever writes HTML, so
// that the page works where Trusted Types are required.
export default {
  compilerOptions: { fragments: "tree", runes: true, css: "external" },
};
