export const loader = () => ({ port: process.env.PORT });

export default function Home({ loaderData }) {
  return <p>{`hello from port ${loaderData.port}`}</p>;
}
