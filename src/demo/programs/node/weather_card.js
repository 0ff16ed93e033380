class Card {
  constructor(data) {
    this.data = data;
  }

  title() {
    return `${this.data.city}: ${this.data.forecast.today.temperature}`;
  }
}

const answer = { city: 'Porto', forecast: {} };
console.log(new Card(answer).title());
