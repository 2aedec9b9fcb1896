#!/bin/bash
# boot.sh ROOT NAME: boot the directory ROOT, which is never written to, with systemd as PID 1 and a network of
# loopback alone. Expects mount and PID namespaces of its own; when they end, so does everything in here.
set -eu
root=$1 name=$2

# systemd wants the unified hierarchy, whatever this host has mounted
umount -R /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup

# the machine's changes live in memory
mount -t tmpfs -o mode=755 none /run
mkdir -p /run/lock /run/lab/{upper,work,root} "/sys/fs/cgroup/lab-$name"
mount -t overlay overlay -o "lowerdir=$root,upperdir=/run/lab/upper,workdir=/run/lab/work" /run/lab/root
echo $$ >"/sys/fs/cgroup/lab-$name/cgroup.procs"

echo "$name" >/run/lab/root/etc/hostname
printf '127.0.0.1 localhost\n127.0.1.1 %s\n::1 localhost\n' "$name" >/run/lab/root/etc/hosts

# what comes by the hour of the day would come between two steps of a test: dpkg locked, paths that nobody knows of
for timer in apt-daily apt-daily-upgrade dpkg-db-backup logrotate dnf-makecache; do
    ln -sf /dev/null "/run/lab/root/etc/systemd/system/$timer.timer"
done

exec systemd-nspawn --quiet --directory=/run/lab/root --machine="$name" --boot --register=no --keep-unit \
    --link-journal=no --console=pipe --private-network --resolv-conf=off
