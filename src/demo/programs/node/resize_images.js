const resize = require('acme-image-tools');

resize.toWidth('cover.png', 640).then((file) => console.log(file));
