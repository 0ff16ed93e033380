function initials(profile) {
  return profile.displayName.split(' ').map((part) => part[0]).join('');
}

function badge(user) {
  return { text: initials(user.profile), color: user.color || 'grey' };
}

const users = [
  { id: 17, profile: { displayName: 'Ana Keller' } },
  { id: 18 },
];
console.log(users.map(badge));
