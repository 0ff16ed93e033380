const body = '<!DOCTYPE html><title>Login</title>';

function parseFeed(text) {
  const feed = JSON.parse(text);
  return feed.entries.map((entry) => entry.title);
}

console.log(parseFeed(body));
