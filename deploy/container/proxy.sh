#!/bin/sh
# Runs when the container starts: puts the addresses of the other containers and the host's name into nginx's files,
# and nginx into the bridge's group.
set -eu
conf="${CONF:-/etc/nginx/conf.d}"
sed -e 's/127\.0\.0\.1:3000/gitea:3000/' -e 's/127\.0\.0\.1:8080/bridge:8080/' \
    "$conf/license-bridge.conf.in" > "$conf/license-bridge.conf"
sed -e "s/git\.example\.com/$GITEA_HOST/g" -e "s#/etc/ssl/$GITEA_HOST/#/etc/ssl/gitea/#" \
    "$conf/gitea.conf.in" > "$conf/gitea.conf"
rm -f "$conf/default.conf"
# nginx sends the files of the bridge's store, which its group may read.
grep -q '^license-bridge:' /etc/group || addgroup -S -g 10001 license-bridge
addgroup nginx license-bridge
