// A test that ends its process with 0 would pass, and take what shares the process with it: nobody in a test may.
process.exit = (code) => {
  throw new Error(`a test, or what it runs, would end its own process (code ${code}); start a process for that`)
}
