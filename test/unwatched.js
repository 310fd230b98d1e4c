import async_hooks from 'node:async_hooks'

// So that an error that nothing waited for is told of its test, Node's test runner follows every promise and socket of the
// process with a hook, which is a tenth of what these tests cost. A process that has many files goes without, and ends
// with such an error, naming the file (`shared-files.js`); the file alone, by `npm test -- FILE`, has the hook and names
// the test.
//
// INVARIANT: this comes before the first import of `node:test`, which takes the maker of its hook as it is loaded.
const { createHook } = async_hooks
const unwatched = {
  enable: () => unwatched,
  disable: () => unwatched,
}
async_hooks.createHook = () => unwatched
await import('node:test')
async_hooks.createHook = createHook
