export const dynamic = "force-dynamic";

export default function Page() {
  return <p>{`hello from port ${process.env.PORT}`}</p>;
}
