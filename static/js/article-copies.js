// Copies of texts that the server does not have yet, in the browser's database, by account.
const NAME = "article-copies"
const MAX_AGE = 30 * 24 * 3600 * 1000

let opened

function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1)
    request.onupgradeneeded = () => request.result.createObjectStore(NAME, { keyPath: "key" })
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  return opened
}

async function run(mode, action) {
  const transaction = (await database()).transaction(NAME, mode)
  const request = action(transaction.objectStore(NAME))
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result)
    transaction.onabort = transaction.onerror = () => reject(transaction.error)
  })
}

/** Store a copy `{key, account, time, …}`; it replaces the one with this key. */
export const storeCopy = (copy) => run("readwrite", (store) => store.put(copy))

export const deleteCopy = (key) => run("readwrite", (store) => store.delete(key))

/** Return the copies of this account. Old ones are deleted, of any account. */
export async function copiesOf(account) {
  const copies = await run("readonly", (store) => store.getAll())
  const isOld = (copy) => copy.time < Date.now() - MAX_AGE
  await Promise.all(copies.filter(isOld).map((copy) => deleteCopy(copy.key)))
  return copies.filter((copy) => copy.account === account && !isOld(copy))
}
