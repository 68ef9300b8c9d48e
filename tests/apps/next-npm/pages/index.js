export const getServerSideProps = () => ({ props: { port: process.env.PORT } });

export default function Index({ port }) {
  return <p>hello from port {port}</p>;
}
