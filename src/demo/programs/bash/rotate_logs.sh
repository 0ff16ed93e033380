set -e
cd /home/sokafor/service/logs
for log in *.log; do
  echo "rotating $log"
done
