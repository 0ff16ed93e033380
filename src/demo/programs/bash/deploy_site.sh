set -e
echo "building"
acme-deploy --target staging --folder ./public
echo "deployed"
