"""How Java comes to trust the certificates that a build is given: it reads no PEM file, and keytool takes one at a time."""

_FOLDER = "/tmp/trust"  # noqa: S108 - inside a build
_STORE = f"{_FOLDER}/trust.jks"
#: Runs on every Java since 8.
_PROGRAM = (
    "public class Trust { public static void main(String[] a) throws Exception {",
    'java.security.KeyStore store = java.security.KeyStore.getInstance("JKS"); store.load(null, null);',
    'for (java.security.cert.Certificate c : java.security.cert.CertificateFactory.getInstance("X.509")',
    '.generateCertificates(new java.io.FileInputStream(a[0]))) store.setCertificateEntry("" + store.size(), c);',
    "try (java.io.OutputStream out = new java.io.FileOutputStream(a[1])) { store.store(out, new char[0]); } } }",
)
_WRITE = "".join(f" \\\n      '{line}'" for line in _PROGRAM)
#: For `Run.certificates`: a trust store of `$ca` for every JVM of one RUN, gone when it ends.
CERTIFICATES = (
    f"mkdir {_FOLDER} && trap 'rm -r {_FOLDER}' EXIT \\\n"
    f"    && printf '%s\\n'{_WRITE} > {_FOLDER}/Trust.java \\\n"
    f"    && javac -d {_FOLDER} {_FOLDER}/Trust.java && java -cp {_FOLDER} Trust $ca {_STORE} \\\n"
    f"    && export JAVA_TOOL_OPTIONS=-Djavax.net.ssl.trustStore={_STORE}"
)
