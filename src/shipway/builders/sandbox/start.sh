# The first process of a sandbox: a disk of bounded size, cgroups that can be written, then the daemon.
# Environment: DISK (bytes), KEPT_CACHE (bytes), MIRROR (URL or empty). What it writes to /run/sandbox is seen outside.
set -eu
rm -f /run/sandbox/docker.sock /var/run/docker.pid /run/docker/containerd/containerd.pid
mkdir -p /var/lib/docker /etc/docker

awk '$3 == "cgroup" || $3 == "cgroup2" { print $2 }' /proc/mounts | while read -r mounted; do
    mount -o remount,bind,rw "$mounted"
done
# With cgroup v2, controllers can be handed on only by a group that has no processes of its own.
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    mkdir -p /sys/fs/cgroup/daemon
    xargs -rn1 < /sys/fs/cgroup/cgroup.procs > /sys/fs/cgroup/daemon/cgroup.procs || true
    sed -e 's/ / +/g' -e 's/^/+/' < /sys/fs/cgroup/cgroup.controllers > /sys/fs/cgroup/cgroup.subtree_control
fi

# The disk is a file, so that a build that fills it fills nothing else. Space that it frees goes back to the machine.
[ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237
number=0
while [ $number -lt 64 ]; do
    [ -e /dev/loop$number ] || mknod /dev/loop$number b 7 $number
    number=$((number + 1))
done
if [ ! -e /state/disk ]; then
    truncate -s "$DISK" /state/disk.new
    mkfs.ext4 -q -F -m 0 /state/disk.new
    mv /state/disk.new /state/disk
fi
[ "$(stat -c %s /state/disk)" -ge "$DISK" ] || { truncate -s "$DISK" /state/disk; e2fsck -fp /state/disk || true; resize2fs /state/disk; }
rm -f /run/sandbox/unbounded
if ! mount -o loop,discard,noatime /state/disk /var/lib/docker; then
    # Some machines have no loop devices to give. Builds work all the same; what they say is that nothing bounds the disk.
    mkdir -p /state/docker
    mount --bind /state/docker /var/lib/docker
    touch /run/sandbox/unbounded
fi

# A mirror without TLS has to be named a second time.
plain=
case "$MIRROR" in http://*) plain=${MIRROR#http://} plain=${plain%%/*} ;; esac
cat > /etc/docker/daemon.json <<JSON
{
  "features": {"containerd-snapshotter": true},
  "builder": {"gc": {"enabled": true, "defaultKeepStorage": "$KEPT_CACHE"}},
  "registry-mirrors": [${MIRROR:+\"$MIRROR\"}],
  "insecure-registries": [${plain:+\"$plain\"}],
  "mtu": $(cat /sys/class/net/eth0/mtu),
  "log-level": "warn"
}
JSON
exec dockerd --host unix:///run/sandbox/docker.sock
