open("/proc/sys/kernel/domainname", "w")
