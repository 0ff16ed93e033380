function debounce(action, wait) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...values), wait);
  };
}

const log = debounce((text) => console.log(text), 5);
['d', 'de', 'demo'].forEach((text) => log(text));
