/** An authority, a server's and a client's certificate signed by it, and an authority that signed neither; PEM files. */
import { execFile } from "node:child_process"
import { readFile, writeFile } from "node:fs/promises"
import { promisify } from "node:util"

export interface Certificates {
  /** PEM texts. */
  readonly ca: string
  readonly otherCa: string
  readonly clientCert: string
  readonly clientKey: string
  /** Files for the broker. */
  readonly keystoreFile: string
  readonly truststoreFile: string
}

const openssl = (folder: string, command: string) => promisify(execFile)("openssl", command.split(" "), { cwd: folder })

const authority = (folder: string, name: string) =>
  openssl(folder, `req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=${name} -keyout ${name}.key -out ${name}.pem`)

const signed = async (folder: string, name: string, host: string) => {
  await openssl(folder, `req -newkey rsa:2048 -nodes -subj /CN=${host} -keyout ${name}.key -out ${name}.csr`)
  const signer = "-CA ca.pem -CAkey ca.key -CAcreateserial"
  await openssl(folder, `x509 -req -in ${name}.csr ${signer} -days 2 -extfile extensions -out ${name}.pem`)
}

export const makeCertificates = async (folder: string): Promise<Certificates> => {
  const read = (name: string) => readFile(`${folder}/${name}`, "utf8")
  await writeFile(`${folder}/extensions`, "subjectAltName=DNS:localhost,IP:127.0.0.1\n")
  await authority(folder, "ca")
  await authority(folder, "other-ca")
  await signed(folder, "server", "localhost")
  await signed(folder, "client", "client")
  const ca = await read("ca.pem")
  const keystoreFile = `${folder}/keystore.pem`
  await writeFile(keystoreFile, (await read("server.key")) + (await read("server.pem")) + ca)
  return {
    ca,
    otherCa: await read("other-ca.pem"),
    clientCert: await read("client.pem"),
    clientKey: await read("client.key"),
    keystoreFile,
    truststoreFile: `${folder}/ca.pem`
  }
}
