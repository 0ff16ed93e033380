class PublishError extends Error {
  name = 'PublishError';
}

async function render(page) {
  if (page.blocks === undefined) throw new TypeError(`page ${page.slug} has no blocks`);
  return page.blocks.join('\n');
}

async function publish(page) {
  try {
    return await render(page);
  } catch (error) {
    throw new PublishError('page was not published', { cause: error });
  }
}

async function main() {
  await publish({ slug: 'about', blocks: ['# About'] });
  await publish({ slug: 'contact' });
}

main();
