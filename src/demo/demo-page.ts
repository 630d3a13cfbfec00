/** The demo origin's only page: constant, so nothing that a visitor sends can appear in it. */
export const demoPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>acme-edge demo</title>
<style>
  body { max-width: 40rem; margin: 3rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }
  form { margin: 1.5rem 0; }
  label { display: block; margin-bottom: .5rem; }
  input, textarea { display: block; width: 100%; box-sizing: border-box; padding: .5rem; font: inherit; }
  button { padding: .5rem 1rem; font: inherit; }
</style>
<h1>It works</h1>
<p>This page comes from a small application behind acme-edge. Send it something, clean or hostile: what is clean arrives
and is described to you, what is hostile ends at the edge with 403.</p>
<form action="/search" method="get">
  <label>Search (in the query) <input name="q" value="blue socks"></label>
  <button>Search</button>
</form>
<form action="/comments" method="post">
  <label>Comment (in the body) <textarea name="text" rows="3">Fine socks!</textarea></label>
  <button>Send</button>
</form>
</html>
`
