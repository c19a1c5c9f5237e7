# Boots a Debian root with its own systemd; runs as the first process of new namespaces. Argument: the folder.
set -eu
cd "$1"
# The new root has to be a mount of its own.
mount --bind . .
cd "$1"
mount -t proc proc proc
# What is read-only belongs to the machine of the test, and tells systemd that this is a container.
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do
    touch "dev/$device"
    mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
mkdir -p .host
pivot_root . .host
umount -l /.host
rmdir /.host
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin setpriv \
    --bounding-set -sys_boot,-sys_module,-sys_rawio,-sys_time,-syslog /sbin/init
