"""What varies inside a fault and must not split it: names, literals, folders, hosts, planted personal data."""

import base64
import json

VERBS = "load parse fetch build merge update compute render submit export collect resolve apply validate sync handle".split()
NOUNS = (
    "order invoice report user record payload sensor ticket session profile price metric batch customer item "
    "token image score account event shipment vector answer lesson cell patient trade route stock quota"
).split()
MORE = "raw final next current total daily temp cached remote local main old new best first".split()
UNICODE_NOUNS = ["gr\u00f6\u00dfe", "\u6570\u636e", "ma\u00f1ana", "\u0446\u0435\u043d\u0430", "prix_\u00e9t\u00e9"]
WORDS = (
    "copper north-17 Lisbon pending x91 blue/green Tuesday n.a. 2.4GHz alpha Zurich unknown 12,50 late first_class "
    "O'Brien-less B-7 half 3rd gamma"
).replace("O'Brien-less", "Obrien").split()
FOLDERS = (
    "/home/{user}/{noun}s",
    "/home/{user}/projects/{noun}-{word}",
    "/Users/{user}/dev/{noun}",
    "C:\\Users\\{user}\\Documents\\{noun}",
    "/tmp/{hex}",
    "/tmp/tmp{hex}",
    "/workspace",
    "/workspace/{noun}",
    "/sandbox/run-{number}",
    "/var/lib/judge/submissions/{number}",
    "/app",
    "/srv/exec/{uuid}",
    "/mnt/data/{noun}",
    "/root/{noun}",
    "/opt/jobs/{noun}/{date}",
    "/content",
)
USERS = (
    "oluwaseun.adeyemi mkowalczyk78 beatrix-lindqvist hiroshi_tanabe rpadmanabhan delacroix.m zhangweiling "
    "sinead-ocallaghan tomasz.wrona kvjohannsdottir"
).split()
MAILS = ("example.com", "mail.example.org", "corp.example", "uni-example.ac.uk")
TERSE_VARIABLES = "n m arr res ans dp cur tmp xs grid cnt buf".split()
TERSE_FUNCTIONS = "solve dfs bfs check calc go run_case step helper".split()
EXTENSIONS = "csv json txt parquet log yaml bin dat tsv xml".split()
PII_SHARE = 0.22


class Values:
    """All that a variant chooses, drawn from one seeded generator; the same name gives the same value."""

    def __init__(self, rng, style="snake", plant=None):
        self.rng = rng
        self.style = style
        self.plant = rng.random() < PII_SHARE if plant is None else plant
        self.pii = []
        self.known = {}
        self.used = set()
        self.given = {}

    def named(self, kind, number=""):
        name = kind + number
        if name in self.given:
            return str(self.given[name])
        if name not in self.known:
            self.known[name] = self.new(kind)
        return self.known[name]

    def new(self, kind):
        """A value of this kind that no placeholder stands for."""
        return str(getattr(self, f"make_{kind.lower()}")())

    def pick(self, choices):
        return self.rng.choice(list(choices))

    def fresh(self, make):
        """A value that this program does not use yet."""
        for _ in range(50):
            value = make()
            if value not in self.used:
                break
        else:
            value += str(len(self.used))
        self.used.add(value)
        return value

    def planted(self, text, *secrets):
        """Notes exact strings that masking must remove, and returns the text."""
        self.pii.extend(secrets or (text,))
        return text

    # Identifiers.

    def case(self, words):
        if self.style == "camel":
            return words[0] + "".join(word.capitalize() for word in words[1:])
        return "_".join(words)

    def make_fn(self):
        if self.style == "terse" and self.rng.random() < 0.6:
            return self.fresh(lambda: self.pick(TERSE_FUNCTIONS))
        parts = [self.pick(VERBS), self.pick(NOUNS)]
        if self.rng.random() < 0.3:
            parts.insert(1, self.pick(MORE))
        return self.fresh(lambda: self.case(parts if self.rng.random() < 0.9 else [parts[0], self.pick(NOUNS)]))

    def make_var(self):
        if self.style == "terse":
            return self.fresh(lambda: self.pick(TERSE_VARIABLES))
        if self.style != "plain" and self.rng.random() < 0.04:
            return self.fresh(lambda: self.pick(UNICODE_NOUNS))
        return self.fresh(lambda: self.case([self.pick(MORE), self.pick(NOUNS)]) if self.rng.random() < 0.5 else self.pick(NOUNS) + "s")

    def make_class(self):
        suffix = self.pick(["", "Service", "Store", "Loader", "Node", "Model", "Client", "Task"])
        return self.fresh(lambda: self.pick(MORE).capitalize() + self.pick(NOUNS).capitalize() + suffix)

    def make_attr(self):
        return self.fresh(lambda: self.case([self.pick(NOUNS), self.pick(["id", "name", "count", "value", "rate", "at"])]))

    def make_mod(self):
        return self.fresh(lambda: self.pick(NOUNS) + "_" + self.pick(["tools", "lib", "core", "io", "model", "helpers"]))

    def make_key(self):
        return self.fresh(lambda: self.pick([self.case([self.pick(NOUNS), self.pick(MORE)]), self.pick(NOUNS), self.pick(MORE)]))

    def make_env(self):
        return self.fresh(lambda: f"{self.pick(NOUNS)}_{self.pick(['url', 'key', 'path', 'mode', 'token'])}".upper())

    def make_noun(self):
        return self.pick(NOUNS)

    # Literals.

    def make_int(self):
        return self.rng.randint(2, 97)

    def make_small(self):
        return self.rng.randint(2, 5)

    def make_big(self):
        return self.rng.randint(1000, 9_999_999)

    def make_float(self):
        return round(self.rng.uniform(0.5, 900), self.rng.randint(1, 4))

    def make_date(self):
        return f"20{self.rng.randint(19, 26)}-{self.rng.randint(1, 12):02}-{self.rng.randint(1, 28):02}"

    def make_hex(self):
        return f"{self.rng.getrandbits(32):08x}"

    def make_uuid(self):
        bits = f"{self.rng.getrandbits(128):032x}"
        return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-a{bits[17:20]}-{bits[20:]}"

    def make_word(self):
        return self.pick(WORDS)

    def make_text(self):
        """A few words of data."""
        words = [self.pick(WORDS + NOUNS) for _ in range(self.rng.randint(1, 4))]
        return " ".join(words)

    def make_datum(self):
        """Data that reaches a message: a word, a sentence, an id, sometimes personal."""
        if self.plant and self.rng.random() < 0.75:
            return self.personal()
        kind = self.rng.randrange(6)
        if kind == 0:
            return self.make_uuid()
        if kind == 1:
            return self.make_text()
        if kind == 2:
            return f"{self.pick(NOUNS)}-{self.make_big()}"
        if kind == 3:
            return self.pick(UNICODE_NOUNS)
        return self.pick(WORDS)

    def make_id(self):
        """An id as people write them into messages."""
        return self.pick([self.make_big, self.make_uuid, lambda: f"ord_{self.make_hex()}", lambda: f"#{self.make_int()}"])()

    def make_ms(self):
        """A time in milliseconds since 1970."""
        return self.rng.randint(1_500_000_000_000, 1_790_000_000_000)

    def make_nopid(self):
        """The number of a process that cannot be: above what Linux gives."""
        return self.rng.randint(5_000_000, 9_999_999)

    def make_state(self):
        return self.pick(["finished", "running", "cancelled", "archived", "queued", "failed", "cancelling"])

    def make_sku(self):
        """A number of goods as shops write it."""
        return self.pick([f"SKU-{self.make_big()}", f"{self.letters(3).upper()}-{self.make_int()}-{self.letters(2).upper()}", f"art.{self.make_big()}"])

    def make_money(self):
        amount = f"{self.rng.uniform(1, 9000):.2f}"
        return self.pick([amount, f"{amount} EUR", f"USD {amount}", f"{self.make_int()}.00"])

    def make_who(self):
        """Whom a message is about: an address mostly, sometimes an account."""
        return self.make_email() if self.plant else self.pick([f"user-{self.make_int()}", f"acct_{self.make_hex()}", self.make_uuid()])

    def make_file(self):
        """A relative path of a data file."""
        name = f"{self.pick(NOUNS)}{self.pick(['', '_' + str(self.make_int()), '-' + self.make_date(), '.v2'])}.{self.pick(EXTENSIONS)}"
        folder = self.pick(["", "data/", "input/raw/", "../shared/", f"{self.pick(NOUNS)}s/2024/"])
        return self.fresh(lambda: folder + name)

    def make_missing(self):
        """A path, relative or absolute, where no file is."""
        if self.plant and self.rng.random() < 0.6:
            user = self.pick(USERS)
            base = self.pick([f"/home/{user}", f"/Users/{user}"])
            return self.planted(f"{base}/{self.make_file().lstrip('./')}", user)
        return self.pick(["", "/nonexistent/", "/mnt/nfs/", "./"]) + self.make_file()

    def make_letters(self):
        """A few letters, one more or fewer than base64 takes."""
        return self.letters(self.pick([4, 5, 8, 9, 12]))

    def make_five(self):
        return "".join(self.rng.choice("ABCDEFGHKLMNPRSTUVW") for _ in range(5))

    def make_stem(self):
        return self.fresh(lambda: f"{self.pick(NOUNS)}_{self.make_int()}")

    # Personal data and secrets, synthetic all of them.

    def personal(self):
        makers = (
            self.make_email, self.make_phone, self.make_card, self.make_ipv4, self.make_ipv6, self.make_secret,
            self.make_bearer, self.make_secreturl,
        )  # fmt: skip
        return self.pick(makers)()

    def make_email(self):
        user = self.pick(USERS)
        return self.planted(f"{user}+{self.make_int()}@{self.pick(MAILS)}" if self.rng.random() < 0.3 else f"{user}@{self.pick(MAILS)}")

    def make_phone(self):
        number = self.rng.randint(100, 999)
        return self.planted(
            self.pick(
                [f"+1 (555) {number}-0{number}", f"+44 20 7946 0{number}", f"+49 151 555{number}{number}", f"+1-202-555-0{number}"]
            )
        )

    def make_card(self):
        digits = self.pick(["4", "51", "34"])
        length = 15 if digits == "34" else 16
        while len(digits) < length - 1:
            digits += str(self.rng.randrange(10))
        digits += luhn_digit(digits)
        if length == 16 and self.rng.random() < 0.5:
            digits = self.pick([" ", "-"]).join(digits[at : at + 4] for at in range(0, 16, 4))
        return self.planted(digits)

    def make_ipv4(self):
        prefix = self.pick(["203.0.113", "198.51.100", "192.0.2", "10.42.7"])
        return self.planted(f"{prefix}.{self.rng.randint(1, 254)}")

    def make_ipv6(self):
        return self.planted(f"2001:db8:{self.rng.getrandbits(16):x}::{self.rng.getrandbits(16):x}:{self.rng.randint(1, 99)}")

    def make_secret(self):
        return self.planted(
            self.pick(
                [
                    lambda: "AKIA" + self.letters(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
                    lambda: "ghp_" + self.letters(36),
                    lambda: "sk-proj-" + self.letters(48),
                    lambda: "xoxb-" + str(self.rng.randint(10**11, 10**12)) + "-" + self.letters(24),
                    lambda: "glpat-" + self.letters(20),
                    self.jwt,
                ]
            )()
        )

    def make_bearer(self):
        token = self.jwt() if self.rng.random() < 0.5 else self.letters(40)
        return self.planted(f"Authorization: Bearer {token}", token)

    def make_secreturl(self):
        word = self.letters(14)
        host = f"{self.pick(NOUNS)}.internal.example"
        kind = self.rng.randrange(3)
        if kind == 0:
            scheme = self.pick(["postgresql", "mysql", "redis", "amqp", "mongodb"])
            return self.planted(f"{scheme}://svc:{word}@{host}:5432/{self.pick(NOUNS)}s", word)
        if kind == 1:
            return self.planted(f"https://{self.pick(NOUNS)}bot:{word}@{host}/v1", word)
        return self.planted(f"https://{host}/v1?{self.pick(['api_key', 'access_token', 'password', 'sig'])}={word}&page=2", word)

    def letters(self, count, alphabet="abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"):
        return "".join(self.rng.choice(alphabet) for _ in range(count))

    def jwt(self):
        def part(value):
            return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode().rstrip("=")

        return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part({'sub': self.make_uuid(), 'iat': self.make_big()})}.{self.letters(43)}"

    # Places.

    def folder(self, windows=False):
        """A folder of an imagined platform; a person's name in it is planted."""
        choices = [folder for folder in FOLDERS if windows or "\\" not in folder]
        shape = self.pick(choices)
        user = self.pick(USERS)
        if "{user}" in shape:
            self.planted(user)
        return shape.format(
            user=user, noun=self.pick(NOUNS), word=self.pick(MORE), hex=self.make_hex(), number=self.make_big(),
            uuid=self.make_uuid(), date=self.make_date(),
        )  # fmt: skip

    def host(self):
        """The host and port that stand in messages instead of the loopback address that was really called."""
        name = self.pick(["127.0.0.1", "localhost", "{noun}.internal", "api.{noun}.example", "ip"])
        if name == "ip":
            return self.make_ipv4(), str(self.pick([80, 8080, 5432, 6379, 9200, 8443]))
        return name.format(noun=self.pick(NOUNS)), str(self.pick([80, 8080, 5000, 9000, 8443, 30112]))

    # Lines that stand around the fault.

    def log_lines(self):
        """What a program or its runner printed before it failed."""
        lines = []
        for _ in range(self.rng.randint(1, 5)):
            clock = f"{self.make_date()} {self.rng.randint(0, 23):02}:{self.rng.randint(0, 59):02}:{self.rng.randint(0, 59):02}"
            text = self.pick(
                [
                    lambda: f"processing {self.pick(NOUNS)} {self.make_id()}",
                    lambda: f"step {self.make_int()}/{self.make_int()} done in {self.make_float()}s",
                    lambda: f"{self.pick(NOUNS)} cache warm, {self.make_big()} entries",
                    lambda: f"retrying {self.pick(NOUNS)} (attempt {self.make_small()})",
                    lambda: f"user {self.personal()} accepted" if self.plant else "ready",
                ]
            )()
            level = self.pick(["INFO", "DEBUG", "WARNING", "INFO"])
            lines.append(
                self.pick([f"{clock},{self.make_int():03} {level} {text}", f"[{level.lower()}] {text}", f"{clock} [{level}] main: {text}"])
            )
        return "\n".join(lines) + "\n"

    def remarks(self, mark, share=0.5):
        """Comment lines for the head of a program, sometimes with who wrote it and what leaked into it."""
        lines = []
        for _ in range(self.rng.randint(0, 7)):
            lines.append(self.pick([f"{mark} {self.make_text()}", "", f"{mark} {self.pick(VERBS)} the {self.pick(NOUNS)}"]))
        if self.plant and self.rng.random() < share:
            lines.append(f"{mark} {self.pick(['author', 'contact', 'key', 'see'])}: {self.personal()}")
        return "".join(line + "\n" for line in lines)


def luhn_digit(digits):
    """The check digit that makes a card number pass."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)
